"use strict";
// The page gets its document from make_page(). With "live": true in it (or window.babelgrad.live,
// an object with explain(request)) the reader can change things and have them explained anew.
const pageDocument = pageData();
const explainPage = new ExplainPage(
  document.getElementById("page"),
  pageDocument,
  window.babelgrad?.live ?? (pageDocument.live ? httpLive() : null),
);

"use strict";
const data = pageData();
document.getElementById("page").append(
  element("header", { class: "page-top" }, element("h1", {}, "Babelgrad"), themeSwitches()));

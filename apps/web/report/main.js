"use strict";
const report = pageData();
document
  .getElementById("page")
  .append(
    ...[
      reportTop(report),
      curvesSection(report.curves),
      layersSection(report.curves?.norms),
      attentionSection(report.attention),
      breakdownSection(report.quality, report.model.config),
      examplesSection(report.quality),
      settingsSection(report.model.config),
    ].filter(Boolean),
  );

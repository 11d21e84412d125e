/**
 * A comparison as a page to read and a file to read by program. {@link org.lacuna.eval.report.ReportWriter} computes a {@code Report} once:
 * the numbers of {@code report.json}. {@code Summary} puts the main ones into words, {@code Tables} and {@code Charts} show them in
 * {@code report.html}, {@code CurvePicture} draws {@code report.svg}. The page is one file: script and style of the chart library come from
 * its WebJar on the class path, and a content security policy in the page forbids every request. Each number in a table is a
 * {@code <data value>} with the digits that {@code report.json} has. To show one more figure, add it to {@code Report} and its table
 * to {@code Tables}; a chart is one more entry in {@code Charts}, which {@code report.js} draws without knowing what it means.
 */
package org.lacuna.eval.report;

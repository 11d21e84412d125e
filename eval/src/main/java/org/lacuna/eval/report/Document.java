package org.lacuna.eval.report;

import java.util.List;

/** A page that holds all that it needs: style, charts and the script that draws them. */
final class Document {
    /** Nothing may be loaded from anywhere, whatever a name in the page says. */
    private static final String POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
    private static final String FOLDER = "/org/lacuna/eval/report/";

    private Document() {
    }

    /**
     * The whole page.
     *
     * @param places how many of the {@link Palette}'s places the charts' series have
     */
    static String html(String title, Html body, ChartData charts, int places) {
        return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                + "<meta http-equiv=\"Content-Security-Policy\" content=\"" + POLICY + "\">\n"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
                + Html.element("title", title).markup() + "\n<style>\n" + UPlot.file("dist/uPlot.min.css") + "\n" + colours(places)
                + UPlot.text(FOLDER + "report.css") + "</style>\n</head>\n<body>\n<main>\n" + body.markup() + "</main>\n"
                + "<script type=\"application/json\" id=\"charts\">" + charts.json() + "</script>\n"
                + "<script>\n/*\n" + UPlot.file("LICENSE") + "\n*/\n" + UPlot.file("dist/uPlot.iife.min.js") + "</script>\n<script>\n"
                + UPlot.text(FOLDER + "report.js") + "</script>\n</body>\n</html>\n";
    }

    static Html section(String title, Html... content) {
        return section("h2", title, content);
    }

    static Html section(String heading, String title, Html... content) {
        return Html.element("section", Html.element(heading, title), Html.of((Object[]) content), new Html("\n"));
    }

    /** Charts side by side. */
    static Html charts(List<Html> figures) {
        return Html.element("div class=\"charts\"", figures.toArray());
    }

    /** A chart's place, which the script fills; without it it stays hidden. */
    static Html figure(String chart, String title) {
        return Html.element("figure class=\"chart\" data-chart=\"" + chart + "\" hidden", Html.element("figcaption", title));
    }

    private static String colours(int places) {
        StringBuilder light = new StringBuilder();
        StringBuilder dark = new StringBuilder();
        for (int i = 0; i < places; i++) {
            light.append("--model-").append(i).append(':').append(Palette.onLight(i)).append(';');
            dark.append("--model-").append(i).append(':').append(Palette.onDark(i)).append(';');
        }
        return ":root{" + light + "}\n@media screen and (prefers-color-scheme:dark){:root:not(.printing){" + dark + "}}\n";
    }
}

package org.lacuna.eval.report;

/** A table being built, row by row; the first cell of a row is its heading. */
final class HtmlTable {
    private final StringBuilder markup = new StringBuilder();

    /** A table with an id, for links and programs, and a caption that says what and in which units. */
    HtmlTable(String id, Object caption) {
        markup.append("<div class=\"scroll\"><table id=\"").append(id).append("\">\n");
        markup.append(Html.element("caption", caption).markup()).append('\n');
    }

    HtmlTable head(Object... cells) {
        markup.append("<thead><tr>");
        for (Object cell : cells) {
            markup.append(Html.element("th scope=\"col\"", cell).markup());
        }
        markup.append("</tr></thead>\n<tbody>\n");
        return this;
    }

    void row(Object... cells) {
        markup.append("<tr>");
        for (int i = 0; i < cells.length; i++) {
            markup.append(Html.element(i == 0 ? "th scope=\"row\"" : "td", cells[i]).markup());
        }
        markup.append("</tr>\n");
    }

    /** A row whose one value holds for all columns. */
    void wideRow(int columns, Object heading, Object value) {
        markup.append("<tr>").append(Html.element("th scope=\"row\"", heading).markup())
                .append(Html.element("td colspan=\"" + columns + "\"", value).markup()).append("</tr>\n");
    }

    Html done() {
        return new Html(markup + "</tbody></table></div>\n");
    }
}

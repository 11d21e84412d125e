package org.lacuna.data.task;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lacuna.data.story.StoryItem;
import org.lacuna.data.story.StoryItems;

/** Documents about the embedded stories. */
final class Stories {

    private Stories() {
    }

    static List<Source> documents(TaskFile.StorySource source) {
        List<StoryItem> items = switch (source.kind()) {
            case "agreement" -> StoryItems.agreement(source.seed(), source.documents());
            case "cloze" -> StoryItems.cloze(source.seed(), source.documents());
            default -> StoryItems.questions(source.seed(), source.documents());
        };
        List<Source> documents = new ArrayList<>();
        for (StoryItem item : items) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("kind", item.kind());
            fields.put("context", item.context());
            fields.put("choices", item.choices());
            fields.put("label", (long) item.right());
            documents.add(new Source("stories, document " + (documents.size() + 1), "", fields));
        }
        return documents;
    }
}

package org.lacuna.data.cache;

/** Told how far the building of a cache is; always by the same thread. */
public interface BuildProgress {

    /** Says nothing. */
    BuildProgress SILENT = new BuildProgress() {
        @Override
        public void begin(String task, long bytes) {
            // Nobody listens.
        }

        @Override
        public void at(long bytes) {
            // Nobody listens.
        }

        @Override
        public void end(String result) {
            // Nobody listens.
        }
    };

    /**
     * A task begins; the one before it has ended.
     *
     * @param task  what is done with what
     * @param bytes how many bytes are to be read
     */
    void begin(String task, long bytes);

    /**
     * So much of the task is done.
     *
     * @param bytes how many are read
     */
    void at(long bytes);

    /**
     * The task has ended, well or not.
     *
     * @param result what came of it; empty if nothing worth telling
     */
    void end(String result);
}

package org.lacuna.dl4j.network;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a network is measured on. A window, the unit that intervals draw, is an example or a sequence.
 *
 * @param name       what a report calls it
 * @param sha256     of where it comes from
 * @param windowsSha256 of what is measured: equal hashes, the same measurement
 * @param features   [windows, …]
 * @param labels     [windows, classes], [windows, 1] or [windows, classes, length]
 * @param length     steps in a window, 1 without time
 * @param batch      windows that are computed at once
 */
record Measured(String name, String sha256, String windowsSha256, INDArray features, INDArray labels, int length, int batch) {
    int windows() {
        return Math.toIntExact(features.size(0));
    }
}

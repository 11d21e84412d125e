/** Lacuna's feed-forward block as a layer of Deeplearning4j's networks, trained by their own {@code fit}. */
package org.lacuna.dl4j.layer;

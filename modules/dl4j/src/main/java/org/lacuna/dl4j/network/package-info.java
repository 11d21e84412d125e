/** Deeplearning4j's networks: read from a file without trusting it, and measured for how much of a layer's activations can be left out. */
package org.lacuna.dl4j.network;

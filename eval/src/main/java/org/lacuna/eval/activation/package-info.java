/** What a model's feed-forward activations are like without any rule. */
package org.lacuna.eval.activation;

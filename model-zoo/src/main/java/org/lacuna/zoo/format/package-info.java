/** What a published model is: Hugging Face's files, {@code lacuna.json}, a card, a self-test, and the sums of them all. */
package org.lacuna.zoo.format;

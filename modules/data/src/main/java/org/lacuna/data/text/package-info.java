/** Corpora from outside: UTF-8 text from a file or a folder, and token ids as they are. */
package org.lacuna.data.text;

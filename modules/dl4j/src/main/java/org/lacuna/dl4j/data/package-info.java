/** What Deeplearning4j's networks are trained and measured on: Lacuna's corpora as its iterators, and tables. */
package org.lacuna.dl4j.data;

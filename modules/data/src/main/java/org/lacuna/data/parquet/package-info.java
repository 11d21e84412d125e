/**
 * One column of texts out of a Parquet file, a page at a time. Footer and page headers are read by Parquet's own format classes and
 * values by its column reader; neither needs Hadoop.
 */
package org.lacuna.data.parquet;

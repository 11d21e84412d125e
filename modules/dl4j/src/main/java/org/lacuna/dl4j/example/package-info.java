/** The README's example, to be run as it is. */
package org.lacuna.dl4j.example;

/** What was measured, kept piece by piece as it is found, so that no question is computed twice and a killed run goes on. */
package org.lacuna.eval.store;

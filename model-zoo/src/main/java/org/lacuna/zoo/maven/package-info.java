/**
 * Maven repositories as the places where models are published: coordinates, upload that is all or nothing, download that is checked.
 */
package org.lacuna.zoo.maven;

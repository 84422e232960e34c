package org.eigenscope.cli.report;

import java.util.List;

/**
 * What one structure probe found out: part of a section of the page.
 *
 * @param title heading
 * @param explanation what a reader must know
 * @param tables of the newest reading
 * @param figures of it, and of how it went over the training
 */
record StructurePart(
    String title, String explanation, List<NumberTable> tables, List<Figure> figures) {
  StructurePart {
    tables = List.copyOf(tables);
    figures = List.copyOf(figures);
  }

  /** Returns the parts of which something is known. */
  static List<StructurePart> of(Series series) {
    return List.of(
            ClassFigures.part(series), DecompositionFigures.part(series), LayerFigures.part(series))
        .stream()
        .filter(part -> !(part.tables.isEmpty() && part.figures.isEmpty()))
        .toList();
  }
}

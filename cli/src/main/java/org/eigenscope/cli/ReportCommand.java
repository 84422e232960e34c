package org.eigenscope.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.eigenscope.cli.report.Report;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code eigenscope report}: journals as one HTML page. */
@Command(
    name = "report",
    description = {
      "Writes one HTML page with the figures, numbers, warnings and provenance of one or more"
          + " journals, and compares what they have in common.",
      "",
      "The page is one file and needs no network. A journal that is still being written can be"
          + " given, too.",
      "",
    },
    sortOptions = false)
final class ReportCommand implements Callable<Integer> {
  private static final String ENDING = ".html";

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      arity = "1..*",
      paramLabel = "JOURNAL",
      description = "Journals of readings, JSON lines; contrasts are with the first.")
  private List<Path> journals = List.of();

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description =
          "Where the page goes; an existing file is replaced. Default: beside the first journal,"
              + " with its name and the ending .html.")
  private @Nullable Path out;

  @Override
  public Integer call() {
    Path target = out == null ? beside(journals.get(0)) : out;
    journals.forEach(ReportCommand::checkReadable);
    checkDifferent(target);
    OutputFile file = OutputFile.at(target);
    Report report;
    try {
      report = Report.of(journals);
    } catch (IOException | UncheckedIOException e) {
      throw new ExpectedFailure(String.valueOf(e.getMessage()), e);
    }
    file.write(report::writeTo);
    spec.commandLine().getOut().println("%d readings in %s".formatted(report.readings(), target));
    return ExitCode.OK;
  }

  private static Path beside(Path journal) {
    Path fileName = journal.getFileName();
    String name = fileName == null ? "" : fileName.toString();
    int dot = name.lastIndexOf('.');
    return journal.resolveSibling((dot > 0 ? name.substring(0, dot) : name) + ENDING);
  }

  private static void checkReadable(Path journal) {
    if (Files.isDirectory(journal)) {
      throw new ExpectedFailure("cannot read %s: it is a directory".formatted(journal));
    }
    // It is read twice, which a pipe cannot be.
    if (Files.exists(journal) && !Files.isRegularFile(journal)) {
      throw new ExpectedFailure("cannot read %s: it is no regular file".formatted(journal));
    }
    try {
      Files.newInputStream(journal).close();
    } catch (IOException e) {
      throw ExpectedFailure.of("read", journal, e);
    }
  }

  private void checkDifferent(Path target) {
    for (int i = 0; i < journals.size(); i++) {
      if (isSame(journals.get(i), target)) {
        throw Misuse.of(spec, "--out must not be one of the journals, got " + target);
      }
      for (Path other : journals.subList(0, i)) {
        if (isSame(journals.get(i), other)) {
          throw Misuse.of(
              spec, "each journal must be given once, got %s again".formatted(journals.get(i)));
        }
      }
    }
  }

  private static boolean isSame(Path one, Path other) {
    try {
      return Files.exists(one) && Files.exists(other) && Files.isSameFile(one, other);
    } catch (IOException e) {
      throw ExpectedFailure.of("read", other, e);
    }
  }
}

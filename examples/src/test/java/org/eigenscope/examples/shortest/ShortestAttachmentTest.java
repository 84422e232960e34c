package org.eigenscope.examples.shortest;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.eigenscope.listeners.LogSink;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class ShortestAttachmentTest {
  private final Logger log = (Logger) LoggerFactory.getLogger(LogSink.class);
  private final ListAppender<ILoggingEvent> readings = new ListAppender<>();

  @BeforeEach
  void listenToTheLog() {
    readings.start();
    log.addAppender(readings);
    log.setLevel(Level.INFO);
    log.setAdditive(false);
  }

  @AfterEach
  void restoreTheLog() {
    log.detachAppender(readings);
    log.setLevel(null);
    log.setAdditive(true);
  }

  @Test
  void measuresEveryHundredIterations() {
    ShortestAttachment.main(new String[] {"0"});

    assertThat(readings.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .satisfiesExactly(
            first -> assertThat(first).contains("iteration 0,").doesNotContain("NaN"),
            second -> assertThat(second).contains("iteration 100,").doesNotContain("NaN"),
            third -> assertThat(third).contains("iteration 200,").doesNotContain("NaN"));
  }
}

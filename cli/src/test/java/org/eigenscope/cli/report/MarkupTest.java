package org.eigenscope.cli.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MarkupTest {

  private static String written(Markup.Content content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Markup.write(bytes, content);
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void escapesTextAndAttributes() throws IOException {
    String hostile = "</p><script>alert('1' & \"2\")</script>";

    assertThat(written(markup -> markup.element("p", hostile, "title", hostile)))
        .isEqualTo(
            """
            <!DOCTYPE html>
            <p title="&lt;/p&gt;&lt;script&gt;alert('1' &amp; &quot;2&quot;)&lt;/script&gt;">\
            &lt;/p&gt;&lt;script&gt;alert('1' &amp; "2")&lt;/script&gt;</p>
            """);
  }

  @ParameterizedTest
  @CsvSource({"0000", "0008", "001b", "007f", "0085", "202e", "2066", "d800", "dfff", "ffff"})
  void replacesWhatNoPageMayHold(String code) throws IOException {
    String bad = "a" + (char) Integer.parseInt(code, 16) + "b";

    assertThat(written(markup -> markup.element("p", bad, "title", bad)))
        .contains("<p title=\"a\ufffdb\">a\ufffdb</p>");
  }

  @Test
  void keepsAllOtherCharacters() throws IOException {
    assertThat(written(markup -> markup.element("p", "λ₁ ≥ 0\t– 😀 中文 עברית")))
        .contains("<p>λ₁ ≥ 0\t– &#x1f600; 中文 עברית</p>");
  }

  @Test
  void elementsWithContentAreNeverSelfClosing() throws IOException {
    assertThat(
            written(
                markup -> {
                  markup.open("ul");
                  markup.empty("meta", "charset", "utf-8");
                  markup.close();
                  markup.element("td", "");
                }))
        .contains("<ul><meta charset=\"utf-8\"/></ul><td></td>");
  }

  @Test
  void aFullDiskIsAnIoException() {
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("No space left on device");
          }
        };

    assertThatThrownBy(() -> Markup.write(full, markup -> markup.element("p", "x".repeat(100_000))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("No space left on device");
  }
}

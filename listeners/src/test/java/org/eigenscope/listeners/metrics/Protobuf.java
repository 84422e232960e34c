package org.eigenscope.listeners.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** A protobuf message without its schema: enough to look into a scrape. */
final class Protobuf {

  private record Field(int number, long bits, ByteBuffer bytes) {}

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;

  private final List<Field> fields = new ArrayList<>();

  private Protobuf(ByteBuffer message) {
    while (message.hasRemaining()) {
      long key = readVarint(message);
      int number = (int) (key >>> 3);
      switch ((int) (key & 7)) {
        case VARINT -> fields.add(new Field(number, readVarint(message), ByteBuffer.allocate(0)));
        case FIXED64 -> fields.add(new Field(number, message.getLong(), ByteBuffer.allocate(0)));
        case BYTES -> fields.add(new Field(number, 0, slice(message)));
        default -> throw new AssertionError("wire type of key " + key);
      }
    }
  }

  /** Returns the messages of a stream that gives each one's length before it. */
  static List<Protobuf> delimited(byte[] stream) {
    ByteBuffer bytes = ByteBuffer.wrap(stream).order(ByteOrder.LITTLE_ENDIAN);
    List<Protobuf> messages = new ArrayList<>();
    while (bytes.hasRemaining()) {
      messages.add(new Protobuf(slice(bytes)));
    }
    return messages;
  }

  String text(int number) {
    return UTF_8.decode(field(number).bytes().duplicate()).toString();
  }

  double number(int number) {
    return Double.longBitsToDouble(field(number).bits());
  }

  long varint(int number) {
    return field(number).bits();
  }

  List<Protobuf> messages(int number) {
    return fields.stream()
        .filter(field -> field.number() == number)
        .map(field -> new Protobuf(field.bytes().duplicate().order(ByteOrder.LITTLE_ENDIAN)))
        .toList();
  }

  private Field field(int number) {
    return fields.stream().filter(field -> field.number() == number).findFirst().orElseThrow();
  }

  private static ByteBuffer slice(ByteBuffer from) {
    int length = (int) readVarint(from);
    ByteBuffer slice = from.slice(from.position(), length).order(ByteOrder.LITTLE_ENDIAN);
    from.position(from.position() + length);
    return slice;
  }

  private static long readVarint(ByteBuffer from) {
    long value = 0;
    int shift = 0;
    byte next;
    do {
      next = from.get();
      value |= (long) (next & 0x7f) << shift;
      shift += 7;
    } while (next < 0);
    return value;
  }
}

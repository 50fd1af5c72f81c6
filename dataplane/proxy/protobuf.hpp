// The wire format of Protocol Buffers, as much of it as ext_authz needs: messages, text, numbers (decision 0009).
//  - guarantees: reading never leaves its bytes, ends on the first that make no sense, and does not recurse.
//  - leaves to its user: which field means what; fields it does not know are stepped over.
// Pure; any thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace pintle::proxy {

/// Appends fields to a message.
class ProtoWriter {
 public:
  explicit ProtoWriter(std::string& out) noexcept : out_(out) {}
  void number(std::uint32_t field, std::uint64_t value);
  /// Also of a message: its bytes.
  void text(std::uint32_t field, std::string_view value);

 private:
  void varint(std::uint64_t value);
  std::string& out_;
};

/// `while (reader.next()) switch (reader.field()) ...`, then is_sound().
class ProtoReader {
 public:
  explicit ProtoReader(std::string_view message) noexcept : rest_(message) {}

  /// False: it was the last field, or what follows is none.
  [[nodiscard]] bool next() noexcept;
  [[nodiscard]] bool is_sound() const noexcept { return sound_; }
  [[nodiscard]] std::uint32_t field() const noexcept { return field_; }
  [[nodiscard]] bool is_number() const noexcept { return form_ == Form::Number; }
  [[nodiscard]] bool is_text() const noexcept { return form_ == Form::Text; }
  /// 0 where the field is none.
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  /// Empty where the field is none. Also the bytes of a message.
  [[nodiscard]] std::string_view text() const noexcept { return text_; }

 private:
  [[nodiscard]] bool varint(std::uint64_t& value) noexcept;
  [[nodiscard]] bool skip(std::size_t count) noexcept;

  enum class Form : std::uint8_t { Other, Number, Text };

  std::string_view rest_;
  std::uint32_t field_ = 0;
  Form form_ = Form::Other;
  std::uint64_t number_ = 0;
  std::string_view text_;
  bool sound_ = true;
};

}  // namespace pintle::proxy

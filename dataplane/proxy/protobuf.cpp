#include "dataplane/proxy/protobuf.hpp"

namespace pintle::proxy {
namespace {

/// Encoding specification of Protocol Buffers, "Message structure".
enum WireType : std::uint32_t { Varint = 0, Fixed64 = 1, Length = 2, Fixed32 = 5 };

}  // namespace

void ProtoWriter::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out_ += static_cast<char>(0x80U | (value & 0x7FU));
  out_ += static_cast<char>(value);
}

void ProtoWriter::number(std::uint32_t field, std::uint64_t value) {
  varint(field << 3U | Varint);
  varint(value);
}

void ProtoWriter::text(std::uint32_t field, std::string_view value) {
  varint(field << 3U | Length);
  varint(value.size());
  out_ += value;
}

bool ProtoReader::varint(std::uint64_t& value) noexcept {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool ProtoReader::skip(std::size_t count) noexcept {
  if (count > rest_.size()) return false;
  rest_.remove_prefix(count);
  return true;
}

bool ProtoReader::next() noexcept {
  number_ = 0;
  text_ = {};
  form_ = Form::Other;
  if (!sound_ || rest_.empty()) return false;
  std::uint64_t tag = 0;
  sound_ = varint(tag) && tag >> 3U != 0 && tag >> 3U <= UINT32_MAX >> 3U;
  if (!sound_) return false;
  field_ = static_cast<std::uint32_t>(tag >> 3U);
  switch (tag & 7U) {
    case Varint:
      sound_ = varint(number_);
      form_ = Form::Number;
      break;
    case Length: {
      std::uint64_t length = 0;
      sound_ = varint(length) && length <= rest_.size();
      if (!sound_) break;
      text_ = rest_.substr(0, static_cast<std::size_t>(length));
      rest_.remove_prefix(text_.size());
      form_ = Form::Text;
      break;
    }
    case Fixed64:
      sound_ = skip(8);
      break;
    case Fixed32:
      sound_ = skip(4);
      break;
    default:  // groups are of the time before ext_authz
      sound_ = false;
  }
  return sound_;
}

}  // namespace pintle::proxy

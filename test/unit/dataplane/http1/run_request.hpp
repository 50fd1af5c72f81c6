// One request through parser, decoder and edits, the input coming in pieces.
#pragma once
#include <span>
#include <string>
#include <vector>

namespace pintle::http1::test {

/// What came out; two runs over the same bytes must be equal however they were cut.
struct Outcome {
  unsigned status = 0;
  unsigned requirement = 0;
  bool in_body = false;
  bool complete = false;  ///< the request ended inside the bytes
  std::string forward;
  std::string body;
  std::string trailer;
  std::string host;
  std::string rest;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// `ends`: how many bytes are there at each read, ascending, the last one all of them. Each read lies in a buffer of
/// its own and of exactly its size, so that the head moves and a read past the end is found.
[[nodiscard]] Outcome run_request(const std::string& bytes, std::span<const std::size_t> ends);
/// The same with one read a byte, in one buffer.
[[nodiscard]] Outcome run_request_bytewise(const std::string& bytes);

}  // namespace pintle::http1::test

// RFC 4648 section 4, with padding; api::decode_base64 is the way back.
#pragma once
#include <string>
#include <string_view>

namespace pintle::kube {

[[nodiscard]] std::string encode_base64(std::string_view bytes);

}  // namespace pintle::kube

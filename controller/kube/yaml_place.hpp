// Fields of a kubeconfig, with the words for what is wrong with one. Private to this module.
#pragma once
#include <string>
#include <string_view>

#include <pintle/base/error.hpp>

#include "controller/api/document.hpp"
#include "controller/kube/connection.hpp"

namespace pintle::kube {

/// An object inside a file; all views outlive it.
struct Place {
  std::string_view file;
  const api::Value* value = nullptr;
  std::string path{};  ///< "users[admin].user"
};

/// Text of a scalar member; empty when it is missing, null or no scalar.
[[nodiscard]] std::string text_of(const Place& place, std::string_view key);
/// false when it is missing.
[[nodiscard]] Result<bool> flag_of(const Place& place, std::string_view key);
/// "file:line:column"
[[nodiscard]] std::string place_of(const Place& place, std::string_view key);
/// "file:line:column: users[admin].user.KEY WHAT". Never holds the value of a secret field.
[[nodiscard]] std::unexpected<Error> fault(const Place& place, std::string_view key, std::string_view what);

/// Relative paths begin at the folder of the file they stand in; empty stays empty.
[[nodiscard]] std::string absolute(std::string_view file, const std::string& path);
/// KEY-data (base64) or the file KEY names, which must be there.
[[nodiscard]] Result<Pem> read_pem(const Place& place, std::string_view key);

}  // namespace pintle::kube

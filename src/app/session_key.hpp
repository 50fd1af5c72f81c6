// The key of the tokens of sessions where no cluster keeps it: DIR/session.key, 0600, made when first asked for.
#pragma once
#include <memory>
#include <string>

#include <pintle/base/secret.hpp>

namespace pintle::app {

class SessionKeyFile {
 public:
  /// `state_dir`: as for choose_state_dir().
  explicit SessionKeyFile(std::string state_dir) : state_dir_(std::move(state_dir)) {}

  /// Never null. Where the file can be neither read nor made, a key of this run alone; the log says why, once.
  [[nodiscard]] const std::shared_ptr<const Secret>& key();

 private:
  std::string state_dir_;
  std::shared_ptr<const Secret> key_;
};

/// One that ends with the process.
[[nodiscard]] std::shared_ptr<const Secret> make_passing_session_key();

}  // namespace pintle::app

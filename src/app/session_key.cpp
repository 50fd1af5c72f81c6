#include "src/app/session_key.hpp"

#include <pintle/base/error.hpp>
#include <pintle/base/log.hpp>

#include "controller/reconcile/session_key.hpp"
#include "src/app/ca_files.hpp"
#include "src/app/internal_ca.hpp"

namespace pintle::app {
namespace {

[[nodiscard]] Result<Secret> read_or_make(const std::string& state_dir) {
  const auto directory = choose_state_dir(state_dir);
  if (!directory) return std::unexpected(directory.error());
  const auto lock = FolderLock::take(*directory);
  if (!lock) return std::unexpected(lock.error());
  const std::string path = *directory + "/session.key";
  auto held = read_ca_file(path, FileSecrecy::Secret);
  if (!held) return std::unexpected(std::move(held.error()));
  if (*held && !(*held)->empty()) return Secret(std::move(**held));
  Secret made = reconcile::make_session_key();
  if (auto written = create_ca_file(path, made.reveal(), FileSecrecy::Secret); !written)
    return std::unexpected(std::move(written.error()));
  return made;
}

}  // namespace

const std::shared_ptr<const Secret>& SessionKeyFile::key() {
  if (key_) return key_;
  Result<Secret> held = read_or_make(state_dir_);
  if (held) {
    key_ = std::make_shared<const Secret>(std::move(*held));
  } else {
    log::warning("sessions end with this process: {}", held.error().context);
    key_ = make_passing_session_key();
  }
  return key_;
}

std::shared_ptr<const Secret> make_passing_session_key() {
  return std::make_shared<const Secret>(reconcile::make_session_key());
}

}  // namespace pintle::app

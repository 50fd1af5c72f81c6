// The own CA of `--tls internal`: made once, kept in the state folder, and the certificates it signs.
//   DIR/ca.crt  0644, for clients to trust      DIR/ca.key  0600
//  - guarantees: both files appear whole or not at all; a file that is there is never replaced, whoever wrote it; two
//    programs that start together end with one CA; a key that others can read is refused; keys are EC P-256.
//    Certificates live in memory alone, last 90 days and are made anew 30 days before their end.
//  - leaves to others: who trusts ca.crt; which listener needs a certificate (resolve).
//  - threads: one.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>

#include <pintle/base/clock.hpp>
#include <pintle/base/error.hpp>
#include <pintle/runtime/compiled.hpp>

namespace pintle::app {

/// `wanted`, else $XDG_STATE_HOME/pintle, else ~/.local/state/pintle. NoSuchFile if there is no home either.
[[nodiscard]] Result<std::string> choose_state_dir(const std::string& wanted);

class InternalCa {
 public:
  /// Reads the CA of the folder; makes folder and CA if neither file is there. The error names the file and the way
  /// out.
  [[nodiscard]] static Result<std::unique_ptr<InternalCa>> open(const std::string& directory, Wall now);
  ~InternalCa();
  InternalCa(const InternalCa&) = delete;
  InternalCa& operator=(const InternalCa&) = delete;

  /// Hosts that routes serve. Clients do not take "*.localhost" for "shop.localhost" (they want two dots in a
  /// wildcard), so a certificate also names those that its wildcard would not do for.
  void set_route_hosts(std::set<std::string> hosts);
  /// For a listener's hostname ("*": localhost, *.localhost, 127.0.0.1, ::1). The same pointer as before while it is
  /// still right; nullptr if OpenSSL fails, which is logged.
  [[nodiscard]] std::shared_ptr<const runtime::Certificate> certificate_for(const std::string& hostname, Wall now);

  [[nodiscard]] const std::string& certificate_file() const noexcept { return certificate_file_; }

 private:
  struct Keys;
  struct Issued {
    std::set<std::string> names;
    std::shared_ptr<const runtime::Certificate> certificate;
  };
  InternalCa(std::unique_ptr<Keys> keys, std::string certificate_file);

  std::unique_ptr<Keys> keys_;
  std::string certificate_file_;
  std::set<std::string> route_hosts_;
  std::map<std::string, Issued> issued_;  ///< by hostname of the listener
};

}  // namespace pintle::app

#include "controller/kube/curl.hpp"

#include <dlfcn.h>
#include <string>

#include <fmt/format.h>
#include <openssl/ssl.h>

namespace pintle::kube {
namespace {

/// Of the distribution; deploy/image/image.py puts the same into the image.
constexpr const char* library_name = "libcurl.so.4";

Curl functions{};

/// dlerror() names the library, or the function that it lacks.
[[nodiscard]] std::string load() {
  void* const library = ::dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
  bool complete = library != nullptr;
  const auto bind = [&]<class Function>(const char* name, Function& function) {
    if (complete) function = reinterpret_cast<Function>(::dlsym(library, name));
    complete = complete && function != nullptr;
  };
  bind("curl_global_init", functions.global_init);
  bind("curl_easy_init", functions.easy_init);
  bind("curl_easy_setopt", functions.easy_setopt);
  bind("curl_easy_getinfo", functions.easy_getinfo);
  bind("curl_easy_cleanup", functions.easy_cleanup);
  bind("curl_easy_strerror", functions.easy_strerror);
  bind("curl_slist_append", functions.slist_append);
  bind("curl_slist_free_all", functions.slist_free_all);
  bind("curl_multi_init", functions.multi_init);
  bind("curl_multi_setopt", functions.multi_setopt);
  bind("curl_multi_cleanup", functions.multi_cleanup);
  bind("curl_multi_add_handle", functions.multi_add_handle);
  bind("curl_multi_remove_handle", functions.multi_remove_handle);
  bind("curl_multi_socket_action", functions.multi_socket_action);
  bind("curl_multi_info_read", functions.multi_info_read);
  if (!complete) {
    const char* const why = ::dlerror();
    return fmt::format("the API server is reached through {}, which cannot be opened: {}; install libcurl4",
                       library_name, why == nullptr ? "unknown" : why);
  }
  // OpenSSL first and without its configuration file, which libcurl would load: every setting is in code.
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  return functions.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? "" : "libcurl cannot be initialised";
}

}  // namespace

Result<void> open_curl() {
  static const std::string fault = load();
  if (!fault.empty()) return make_error(ErrorCode::Internal, fault);
  return {};
}

const Curl& curl() noexcept { return functions; }

}  // namespace pintle::kube

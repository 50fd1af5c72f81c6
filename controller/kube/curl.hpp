// libcurl, opened when the first client is made and not with the program: it brings 26 other libraries, and only
// `pintle controller` talks to an API server. What is called through curl() is what the library calls curl_*. Private
// to this module.
#pragma once
#include <curl/curl.h>

#include <pintle/base/error.hpp>

namespace pintle::kube {

struct Curl {
  decltype(&::curl_global_init) global_init;
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_setopt) easy_setopt;
  decltype(&::curl_easy_getinfo) easy_getinfo;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_easy_strerror) easy_strerror;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;
  decltype(&::curl_multi_init) multi_init;
  decltype(&::curl_multi_setopt) multi_setopt;
  decltype(&::curl_multi_cleanup) multi_cleanup;
  decltype(&::curl_multi_add_handle) multi_add_handle;
  decltype(&::curl_multi_remove_handle) multi_remove_handle;
  decltype(&::curl_multi_socket_action) multi_socket_action;
  decltype(&::curl_multi_info_read) multi_info_read;
};

/// Opens and initialises it, once; the error says what is missing. It stays open.
[[nodiscard]] Result<void> open_curl();
/// Only after open_curl() succeeded.
[[nodiscard]] const Curl& curl() noexcept;

}  // namespace pintle::kube

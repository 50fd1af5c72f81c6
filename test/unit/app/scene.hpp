// A small world, resolved by hand and compiled: a Gateway with plain and TLS listeners, a canary, a redirect, broken
// rules.
#pragma once
#include <pintle/runtime/compiled.hpp>

namespace pintle::app {

[[nodiscard]] runtime::Compiled make_scene();

}  // namespace pintle::app

#include "controller/source/source.hpp"

namespace pintle::source {

api::ObjectKey key_of(const Change& change) {
  if (const auto* upsert = std::get_if<Upsert>(&change)) return api::key_of(upsert->object);
  return std::get<Remove>(change).key;
}

}  // namespace pintle::source

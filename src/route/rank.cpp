#include <pintle/route/rank.hpp>

// The order is the order of the fields; nothing to add here but the proof that it can be a plain value.
namespace pintle::route {
static_assert(PathKind::Exact < PathKind::Regex && PathKind::Regex < PathKind::Prefix);
static_assert(std::totally_ordered<Rank>);
}  // namespace pintle::route

// How one kind is followed, as a pure state machine: what happened in, what to do next out.
//
//        list, page by page         the last page           the server took the watch
//   Empty ---------------> InitPage ------------> InitListed ------------------------> Watching
//     ^                        |                    |   ^                                 |
//     |                        |                    |   +----- the stream ended ----------+
//     +------ 410, a version the server does not have (any more, or yet), lost words -----+
//
//  - guarantees: a world is complete only after the last page of a list; a failure changes nothing of it; a watch goes
//    on from the last version seen, and versions are never compared or computed with (req 72, 73); at most about one
//    request a second, whatever the server answers.
//  - 404 on a list means that the kind is not installed: complete and empty, asked again by and by. Of a kind that was
//    there before it must be said three times in a row.
//  - leaves to others: requests, timers, objects (collection_watch).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <pintle/base/clock.hpp>

#include "controller/kube/api_status.hpp"

namespace pintle::source {

enum class Phase : std::uint8_t { Empty, InitPage, InitListed, Watching };
/// What is to be told of the kind.
enum class Health : std::uint8_t {
  Starting,      ///< nothing was answered yet
  Live,          ///< the last request went well
  Absent,        ///< the API server does not have the kind: its CRD is not installed
  Forbidden,     ///< 403: a right is missing
  Unauthorized,  ///< 401: credentials are refused
  Unreachable,   ///< no answer
  Refused        ///< 429, 5xx, or what cannot be understood
};
[[nodiscard]] std::string_view to_string(Phase phase) noexcept;
[[nodiscard]] std::string_view to_string(Health health) noexcept;

/// Whether the world can be whole without the kind.
enum class Need : std::uint8_t {
  Required,
  Spare,    ///< counts as empty once it was forbidden three times in a row: a right may have come late
  Optional  ///< counts as empty as soon as it is forbidden
};

/// The failures in a row, of one sort, that the next wait grows with. A calm of two minutes ends the row.
struct Streak {
  enum class Sort : std::uint8_t { None, Unreachable, Refused, Gone, Missing, Unauthorized, Forbidden };
  Sort sort = Sort::None;
  std::uint32_t count = 0;
  Monotonic last{};
};

struct WatchState {
  Need need = Need::Required;
  Phase phase = Phase::Empty;
  Health health = Health::Starting;
  bool whole = false;          ///< there has been a complete list (or the kind is Absent)
  std::string version;         ///< where the next watch begins
  std::string continue_token;  ///< of the next page
  std::uint32_t page_limit = 500;
  std::string error;             ///< of the last failure; empty while Live
  Monotonic asked{};             ///< when the last list was begun or the last watch was opened
  Monotonic failing_since{};     ///< while not Live
  std::uint32_t odd_errors = 0;  ///< ERROR events in a row that say nothing of versions
  Streak streak;
};

// ---- what happened -------------------------------------------------------------------------------------------------

/// The beginning, or a wait is over.
struct Due {};
struct PageRead {
  std::string version;
  std::string continue_token;  ///< empty: it was the last page
};
/// An answer that is no 200, to a list or a watch.
struct Declined {
  kube::ApiStatus status;
};
/// No answer, or the stream broke.
struct Broken {
  std::string why;
};
/// An answer that is not what the API defines.
struct Garbled {
  std::string why;
};
/// A page larger than the client takes: the next has fewer objects.
struct Oversized {
  std::string why;
};
struct Opened {};
/// An event with an object, a bookmark too.
struct Moved {
  std::string version;
};
/// An ERROR event inside the stream.
struct ErrorEvent {
  kube::ApiStatus status;
};
/// The server ended the stream.
struct Ended {};
using Happening = std::variant<Due, PageRead, Declined, Broken, Garbled, Oversized, Opened, Moved, ErrorEvent, Ended>;

// ---- what to do ----------------------------------------------------------------------------------------------------

struct Nothing {};
/// An empty token begins a list anew.
struct ListPage {
  std::string continue_token;
  std::uint32_t limit = 0;
};
struct Watch {
  std::string version;
  std::chrono::seconds timeout{};
};
/// Lets go of what is under way; Due after it.
struct Wait {
  Millis delay{};
};
using Action = std::variant<Nothing, ListPage, Watch, Wait>;

/// What it means for the objects held.
enum class Verdict : std::uint8_t {
  Keep,
  Complete,  ///< those the list did not name are gone
  Empty      ///< there are none
};

struct Step {
  Action action;
  Verdict verdict = Verdict::Keep;
};

/// The moment of a step, and its dice: evenly from [0, 1).
struct Moment {
  Monotonic now{};
  double chance = 0;
};

[[nodiscard]] Step step(WatchState& state, const Happening& happening, const Moment& moment);

}  // namespace pintle::source

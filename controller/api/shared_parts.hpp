// What objects of one source say alike is held once: a list of a fresh object that equals one of the last few of its
// kind takes part in that one. Thousands of routes have the same parentRefs, hostnames, filters, backends, labels and
// conditions, and those that are alike mostly follow each other.
//  - guarantees: an object says the same before and after.
//  - threads: that of the source; the lists themselves are shared with any.
#pragma once
#include <array>
#include <cstddef>
#include <string>

#include <pintle/base/shared_list.hpp>

#include "controller/api/any_object.hpp"

namespace pintle::api {

/// The last few lists (or labels) of a kind, each different from the others.
template <class List>
class RecentLists {
 public:
  void share(List& fresh) {
    if (fresh.empty()) return;
    for (const List& known : last_)
      if (fresh.share_with(known)) return;
    last_[next_] = fresh;
    next_ = (next_ + 1) % last_.size();
  }

 private:
  std::array<List, 8> last_;
  std::size_t next_ = 0;  ///< the place of the oldest
};

class SharedParts {
 public:
  /// Only on an object fresh from decode_object, before anybody else shares it.
  void share(AnyObject& fresh);

 private:
  void share_metadata(ObjectMeta& metadata);
  template <class Route>
  void share_route(Route& route);
  void share_rule(HTTPRuleParts& rule);

  RecentLists<Labels> labels_;
  RecentLists<Labels> annotations_;
  RecentLists<SharedList<OwnerReference>> owners_;
  RecentLists<SharedList<std::string>> finalizers_;
  RecentLists<SharedList<ParentReference>> parent_refs_;
  RecentLists<SharedList<std::string>> hostnames_;
  RecentLists<SharedList<HTTPRouteMatch>> matches_;
  RecentLists<SharedList<HTTPRouteFilter>> filters_;
  RecentLists<SharedList<HTTPBackendRef>> backend_refs_;
  RecentLists<SharedList<RouteParentStatus>> parents_;
};

}  // namespace pintle::api

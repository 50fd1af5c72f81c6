// The statuses of one Gateway and of the ListenerSets that name it. Private to this module.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "controller/status/binding.hpp"
#include "controller/status/finish.hpp"
#include "controller/status/merge.hpp"

namespace pintle::status {

inline constexpr std::string_view class_not_accepted = "waiting for the GatewayClass to be accepted";

[[nodiscard]] std::string with_notes(std::string message, const std::vector<std::string>& notes);

class GatewayFinish {
 public:
  GatewayFinish(const resolve::GatewayReport& report, const SocketResults& results, const Lag* lag)
      : report_(report), results_(results), lag_(lag) {}

  [[nodiscard]] api::GatewayStatus finish(const api::GatewayStatus& previous, Stamp stamp) const;
  [[nodiscard]] api::ListenerSetStatus finish(const resolve::ListenerSetReport& set,
                                              const api::ListenerSetStatus& previous, Stamp stamp) const;

 private:
  [[nodiscard]] Verdict unless_behind(Verdict verdict, Verdict (*pending)(std::string)) const;
  [[nodiscard]] std::vector<Verdict> judge() const;
  [[nodiscard]] std::vector<Verdict> judge(const resolve::ListenerSetReport& set) const;
  [[nodiscard]] Verdict judge_programmed_of(const resolve::ListenerSetReport& set) const;
  [[nodiscard]] std::vector<Verdict> judge(const resolve::ListenerReport& listener,
                                           const resolve::ListenerSetReport* set) const;
  [[nodiscard]] std::vector<api::ListenerStatus> finish_listeners(const std::vector<resolve::ListenerReport>& listeners,
                                                                  const resolve::ListenerSetReport* set,
                                                                  const std::vector<api::ListenerStatus>& previous,
                                                                  Stamp stamp) const;

  const resolve::GatewayReport& report_;
  const SocketResults& results_;
  const Lag* lag_;
};

}  // namespace pintle::status

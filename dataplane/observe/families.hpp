// Builds the text of metric families: series with equal labels, from several shards, are added up. Internal.
#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "dataplane/observe/counters.hpp"

namespace pintle::observe {

using Label = std::pair<std::string_view, std::string_view>;
/// `a="b",c="d"`; values escaped as the format wants; labels with empty values are left out.
[[nodiscard]] std::string join_labels(std::initializer_list<Label> labels);

struct FamilyHead {
  std::string_view name;
  std::string_view type;
  std::string_view help;
};
void append_head(std::string& out, const FamilyHead& head);
void append_sample(std::string& out, std::string_view name, std::string_view labels, double value);
void append_sample(std::string& out, std::string_view name, std::string_view labels, std::int64_t value);

/// A negative bound is the last one, "+Inf".
void append_histogram_bucket(std::string& out, std::string_view name, std::string_view labels, double bound,
                             std::uint64_t count);
void append_histogram_totals(std::string& out, std::string_view name, std::string_view labels, double sum,
                             std::uint64_t count);

/// Counters and gauges.
class ScalarFamily {
 public:
  void add(std::string labels, std::int64_t value) { values_[std::move(labels)] += value; }
  /// Nothing at all for a family without series.
  void append_to(std::string& out, const FamilyHead& head) const;

 private:
  std::map<std::string, std::int64_t> values_;
};

template <std::size_t N>
class HistogramFamily {
 public:
  void add(std::string labels, const Histogram<N>& histogram) {
    Sum& sum = sums_[std::move(labels)];
    for (std::size_t i = 0; i <= N; ++i) sum.buckets[i] += histogram.bucket(i);
    sum.total += histogram.sum();
  }
  /// `scale`: how many counted units make one unit of the family (1e9 for seconds from nanoseconds).
  void append_to(std::string& out, const FamilyHead& head, const Bounds<N>& bounds, double scale) const {
    if (sums_.empty()) return;
    append_head(out, head);
    for (const auto& [labels, sum] : sums_) {
      std::uint64_t count = 0;
      for (std::size_t i = 0; i <= N; ++i) {
        count += sum.buckets[i];
        append_histogram_bucket(out, head.name, labels, i < N ? static_cast<double>(bounds[i]) / scale : -1, count);
      }
      append_histogram_totals(out, head.name, labels, static_cast<double>(sum.total) / scale, count);
    }
  }

 private:
  struct Sum {
    std::array<std::uint64_t, N + 1> buckets{};
    std::uint64_t total = 0;
  };
  std::map<std::string, Sum> sums_;
};

}  // namespace pintle::observe

#include "test/unit/route/oracle.hpp"

#include <algorithm>
#include <cctype>
#include <map>

namespace pintle::route::oracle {
namespace {

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == at)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// "*.example.com": the last labels agree and at least one more stands before them.
bool covers(const std::string& pattern, const std::string& host) {
  if (pattern == "*") return true;
  if (pattern.front() != '*') return pattern == host;
  std::vector<std::string> wanted = split(pattern, '.');
  wanted.erase(wanted.begin());
  const std::vector<std::string> labels = split(host, '.');
  if (labels.size() <= wanted.size()) return false;
  return std::equal(wanted.rbegin(), wanted.rend(), labels.rbegin());
}

/// True if pattern a is more specific: exact, then the longer wildcard, then none.
bool more_specific(const std::string& a, const std::string& b) {
  if (a == b || a == "*") return false;
  if (b == "*") return true;
  const bool wild_a = a.front() == '*';
  const bool wild_b = b.front() == '*';
  if (wild_a != wild_b) return wild_b;
  return a.size() > b.size();
}

std::vector<std::string> segments(const std::string& path) {
  std::vector<std::string> parts = split(path, '/');
  parts.erase(parts.begin());
  return parts;
}

bool path_holds(const Match& match, const std::string& path) {
  switch (match.kind) {
    case Kind::Exact:
      return match.path == path;
    case Kind::Regex:
      return match.regex->matches(path);
    case Kind::Prefix: {
      std::vector<std::string> wanted = segments(match.path);
      if (wanted.back().empty()) wanted.pop_back();
      const std::vector<std::string> got = segments(path);
      return got.size() >= wanted.size() && std::equal(wanted.begin(), wanted.end(), got.begin());
    }
  }
  return false;
}

bool value_holds(const Field& field, const std::string& value) {
  return field.regex != nullptr ? field.regex->matches(value) : field.value == value;
}

std::string decoded(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
        std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0) {
      plain += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      plain += text[i] == '+' ? ' ' : text[i];
    }
  }
  return plain;
}

bool holds(const Match& match, const Request& request) {
  if (!path_holds(match, request.path)) return false;
  if (!match.method.empty() && match.method != request.method) return false;

  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : request.headers) {
    const auto [at, fresh] = headers.emplace(lower(name), value);
    if (!fresh) at->second += "," + value;
  }
  for (const Field& field : match.headers) {
    const auto found = headers.find(lower(field.name));
    if (found == headers.end() || !value_holds(field, found->second)) return false;
  }

  std::map<std::string, std::string> parameters;
  for (const std::string& pair : split(request.query, '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    parameters.emplace(decoded(pair.substr(0, equals)),
                       equals == std::string::npos ? "" : decoded(pair.substr(equals + 1)));
  }
  return std::ranges::all_of(match.queries, [&](const Field& field) {
    const auto found = parameters.find(field.name);
    return found != parameters.end() && value_holds(field, found->second);
  });
}

/// HTTPRouteRule.matches, the list of precedences; then the order within a route.
bool wins(const Candidate& a, const Candidate& b) {
  if (a.match.kind != b.match.kind) {
    if (a.match.kind == Kind::Exact || b.match.kind == Kind::Exact) return a.match.kind == Kind::Exact;
    return a.match.kind == Kind::Regex;
  }
  if (a.match.kind == Kind::Prefix && a.match.path.size() != b.match.path.size())
    return a.match.path.size() > b.match.path.size();
  if (a.match.method.empty() != b.match.method.empty()) return !a.match.method.empty();
  if (a.match.headers.size() != b.match.headers.size()) return a.match.headers.size() > b.match.headers.size();
  if (a.match.queries.size() != b.match.queries.size()) return a.match.queries.size() > b.match.queries.size();
  if (a.created_at != b.created_at) return a.created_at < b.created_at;
  if (a.route != b.route) return a.route < b.route;
  if (a.rule != b.rule) return a.rule < b.rule;
  return a.number < b.number;
}

const Listener* owner_of(const std::vector<Listener>& listeners, const std::string& host) {
  const Listener* owner = nullptr;
  for (const Listener& listener : listeners)
    if (covers(listener.hostname, host) && (owner == nullptr || more_specific(listener.hostname, owner->hostname)))
      owner = &listener;
  return owner;
}

}  // namespace

const std::vector<KnownRegex>& known_regexes() {
  static const std::vector<KnownRegex> list = {
      {"/a.*", [](const std::string& t) { return t.starts_with("/a"); }},
      {"/[ab]/b", [](const std::string& t) { return t == "/a/b" || t == "/b/b"; }},
      {".*b", [](const std::string& t) { return t.ends_with("b"); }},
      {"1|2", [](const std::string& t) { return t == "1" || t == "2"; }},
      {"[^,]+,.*",
       [](const std::string& t) {
         const auto c = t.find(',');
         return c != std::string::npos && c > 0;
       }},
      {".*", [](const std::string&) { return true; }},
  };
  return list;
}

Answer decide(const std::vector<Listener>& listeners, const Request& request) {
  const Listener* owner = owner_of(listeners, request.host);
  if (owner == nullptr) return {404, "none", ""};
  if (request.tls_listener && *request.tls_listener != owner->name) return {421, "none", ""};

  const Candidate* best = nullptr;
  std::string best_host;
  std::string first_host;  // the most specific that covers at all
  for (const Candidate& candidate : owner->candidates) {
    for (const std::string& host : candidate.hosts) {
      if (!covers(host, request.host)) continue;
      if (first_host.empty() || more_specific(host, first_host)) first_host = host;
      if (!holds(candidate.match, request)) continue;
      if (best == nullptr || more_specific(host, best_host) || (host == best_host && wins(candidate, *best))) {
        best = &candidate;
        best_host = host;
      }
    }
  }
  if (best == nullptr) return {404, "none", first_host};
  return {200, best->route + "/" + std::to_string(best->rule) + "/" + std::to_string(best->number), best_host};
}

}  // namespace pintle::route::oracle

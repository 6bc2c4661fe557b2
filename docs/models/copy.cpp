// Explicit-state model checker for the copying of one object to a joiner (../PG-PROTOCOL.md section 4, join; osd/pg/primary/join-stream.ts,
// osd/pg/joiner-term.ts): pieces, what the joiner notes with them, and how a join that was cut off goes on inside the object.
//
// Breadth-first over every interleaving inside the bounds, so the first violation found is a shortest one. One object of P parts;
// a PG log in which a new term may replace what was not committed; a joiner whose store keeps a prefix of its transactions when
// the power fails; a source that forgets everything when it restarts or is another. What must be: a copy that counts as done is as
// the log says, part by part, and an object that shows a version is as it was then.
//
// Build: g++ -O2 -std=c++17 copy.cpp -o copy     Run: ./copy --help
#include <algorithm>
#include <chrono>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>
using std::string; using std::vector; typedef uint8_t u8; typedef uint64_t u64;

#ifndef P
#define P 2            // parts of the object: pieces of its data, keys of its omap
#endif
#define EM 5           // entries ever written, at most
#define ALL ((1 << P) - 1)
// Versions and contents of parts are ids of entries: 1 is all that was before the log, 2.. are E[id - 2].
#define UNFINISHED 0
#define BASE 1
#define GONE 254       // of a part: it was removed to be made anew
#define STALE 255      // of a part, of a version: some older state of before the log

struct Entry { u8 term, seq, mask; };
struct Mark { u8 is, version, at, atSeq, rest; };   // the object but for `rest` is as in `version`, as of the entry `at`
struct Joiner {
  u8 last, log[EM], begins;    // entries begins+1..last of its log; ids
  u8 part[P], version, missing, isUpTo, from, isWhole;   // from: 255 none.  isUpTo: the cursor is past the object
  Mark mark;
};
struct S {
  u8 term, made; Entry E[EM];
  u8 last, log[EM], trimmed, committed;   // the log of those who act
  Joiner d, a;                            // durable; applied
  // The source: what it knows is gone with it.
  u8 phase;                               // 0 no join, 1 begun, 2 open, 3 the object gets its entries' effects
  u8 left, isWholeCopy, isNoted, half, cuts;   // half: the first half of a piece was applied
};

static int W = 3, T = 2, CUTS = 2; static u64 maxStates = 0; static bool wantTrace = false;
enum Bug { NONE, AHEAD, SEQONLY, FORGETS, SURVIVES, NOVERSION, TRIMMED, DELTAMISSING, ANYVERSION, IGNORED };
static Bug B = NONE; static string bug;
static const std::map<string, Bug> bugs = {{"mark-ahead-of-data", AHEAD}, {"place-by-seq-only", SEQONLY}, {"written-meanwhile-forgotten", FORGETS},
  {"mark-survives-a-copy-made-anew", SURVIVES}, {"version-not-compared", NOVERSION}, {"log-trimmed-behind-the-mark", TRIMMED},
  {"delta-of-what-is-missing", DELTAMISSING}, {"same-though-unfinished", ANYVERSION}, {"what-was-cut-is-not-missing", IGNORED}};

static const Entry& entry(const S& s, int id) { return s.E[id - 2]; }
static int seqOf(const S& s, int id) { return id >= 2 && id < 2 + EM ? entry(s, id).seq : 0; }
/** What the part is after the first `n` entries of the log. */
static int contentAt(const S& s, int n, int p) {
  for (int i = n; i > 0; i--) if (entry(s, s.log[i - 1]).mask & (1 << p)) return s.log[i - 1];
  return BASE;
}
static int versionOf(const S& s) { return s.last ? s.log[s.last - 1] : BASE; }
static int touchedBehind(const S& s, int seq) { int m = 0; for (int i = std::max<int>(seq, s.trimmed); i < s.last; i++) m |= entry(s, s.log[i]).mask; return m; }
/** The log says that the object is so: what is durable only later, or rolled back, does not matter here. */
static bool isAsTheLogSays(const S& s, const Joiner& j) {
  for (int p = 0; p < P; p++) if (j.part[p] != contentAt(s, s.last, p)) return false;
  return j.version == versionOf(s);
}

template <class F> static void successors(const S& s, F emit) {
  char text[120];
  auto GO = [&](const S& n, const char* f, ...) { va_list v; va_start(v, f); vsnprintf(text, sizeof text, f, v); va_end(v); emit(n, text); };
  // A client writes some parts. To the joiner the entry goes with its effects only once the copy is done.
  // The two halves of a piece come in one message, before any later entry.
  if (s.made < W && !s.half) for (int mask = 1; mask <= ALL; mask++) {
    S n = s; n.E[n.made] = {n.term, (u8)(n.last + 1), (u8)mask}; u8 id = n.made + 2; n.made++; n.log[n.last++] = id;
    if (s.phase >= 2) {
      n.a.log[n.a.last++] = id;
      if (s.phase == 2) { if (B != FORGETS || !s.isNoted) n.left |= mask; }
      else { for (int p = 0; p < P; p++) if (mask & (1 << p)) n.a.part[p] = id; n.a.version = id; }
    }
    GO(n, "entry %d of term %d writes %d", n.last, n.term, mask);
  }
  if (s.committed < s.last) { S n = s; n.committed++; GO(n, "entry %d is committed", n.committed); }
  if (s.trimmed < s.committed && s.phase != 1) { S n = s; n.trimmed++; GO(n, "the log is trimmed up to %d", n.trimmed); }
  // Another term: the join is over, and any end of the log that was not committed may be.
  if (s.term < T) for (int keep = s.committed; keep <= s.last; keep++) {
    S n = s; n.term++; n.last = keep; n.phase = 0; GO(n, "term %d keeps %d entries", n.term, keep);
  }
  if (s.phase && s.cuts < CUTS) { S n = s; n.cuts++; n.phase = 0; GO(n, "the source restarts"); }
  // The disk keeps a prefix of the transactions: whatever was synced.
  if (memcmp(&s.d, &s.a, sizeof s.d)) {
    { S n = s; n.d = n.a; GO(n, "the joiner syncs"); }
    if (s.cuts < CUTS) { S n = s; n.cuts++; n.a = n.d; n.phase = 0; GO(n, "the joiner loses its power"); }
  }
  if (s.phase == 0 && !s.a.isWhole) {
    // Join 1: the common point, or everything anew.
    S n = s; Joiner& j = n.a; int common = -1;
    for (int q = std::min(j.last, n.last); q >= std::max(j.begins, n.trimmed); q--)
      if (q == 0 || (q > j.begins && j.log[q - 1] == n.log[q - 1])) { common = q; break; }
    bool reaches = common >= 0 && (j.from == 255 || j.from >= n.trimmed);
    int cut = reaches ? common : 0;
    for (int i = std::max<int>(cut, j.begins); i < j.last; i++) j.missing |= entry(n, j.log[i]).mask;
    if (reaches) { j.from = std::min<int>(common, j.from); j.last = common; }
    else { j.from = 255; j.isUpTo = 0; j.last = j.begins = n.trimmed; for (int i = 0; i < EM; i++) j.log[i] = 0; }
    for (int i = j.last; i < EM; i++) j.log[i] = 0;
    n.phase = 1; n.half = n.isNoted = n.isWholeCopy = 0;
    GO(n, "a join begins; the joiner keeps %d entries", j.last);
  }
  // The stream is opened: entries without effects, and what is to be copied. A source of before there were marks knows nothing of them.
  if (s.phase == 1) for (int knows = 0; knows < 2; knows++) {
    S n = s; Joiner& j = n.a; const Joiner before = s.a;
    for (int i = before.last; i < n.last; i++) j.log[i] = n.log[i];
    j.last = n.last;
    int version = versionOf(n), left = -1;
    const Mark m = before.mark;
    if (m.is && knows) {
      bool isSame = m.version == version || B == NOVERSION;
      bool isInLog = m.atSeq <= n.last && (m.atSeq >= n.trimmed ? m.atSeq == 0 || m.at == n.log[m.atSeq - 1] || B == SEQONLY : B == TRIMMED);
      if (isInLog) left = m.rest | touchedBehind(n, m.atSeq);
      else if (isSame) left = m.rest;
      // Pieces behind the mark may have brought what was rolled back since: that was cut here, and is noted as missing.
      if (left >= 0 && B != IGNORED) left |= j.missing;
    }
    n.isNoted = left >= 0;
    if (left < 0 && j.isUpTo) {
      // Its version tells how far it is, if it was brought there by an earlier attempt and nothing of it is missing.
      int v = seqOf(n, j.version); bool isKnown = knows && v > j.from && v <= before.last && before.log[v - 1] == j.version;
      if (isKnown && (!j.missing || B == DELTAMISSING)) left = touchedBehind(n, v);
      else left = touchedBehind(n, j.from == 255 ? n.last : j.from) | j.missing;
      n.phase = left ? 2 : 3;
    } else if (left < 0) {
      // Backfill: the same version is the same object; a doubtful one is copied as a whole.
      bool isSame = j.version == version && !j.missing && (j.version != UNFINISHED);
      if (B == ANYVERSION && j.version == UNFINISHED && !j.missing) isSame = true;
      if (isSame) { n.phase = 3; left = 0; j.isUpTo = 1; }
      else { n.phase = 2; left = ALL; n.isWholeCopy = 1; }
    } else n.phase = 2;
    n.left = left;
    GO(n, "the stream opens: %d to copy%s%s", left, n.isNoted ? ", after the mark" : "", n.isWholeCopy ? ", made anew" : "");
  }
  if (s.phase == 2) {
    // A piece: in one transaction or, where the joiner's store takes only small ones, in two. What is noted goes with the last.
    int first = 0; for (int p = P - 1; p >= 0; p--) if (s.left & (1 << p)) first = p;
    int rest = s.left & ~(1 << first);
    auto data = [&](S& n) {
      if (n.isWholeCopy) { for (int p = 0; p < P; p++) n.a.part[p] = GONE; n.a.version = UNFINISHED; }
      if (!n.isNoted && B != SURVIVES) n.a.mark = Mark{};
      if (s.left) n.a.part[first] = contentAt(n, n.last, first);
      n.isWholeCopy = 0;
    };
    auto note = [&](S& n) {
      if (rest) {
        n.a.version = UNFINISHED;
        n.a.mark = Mark{1, (u8)versionOf(n), (u8)versionOf(n), n.last, (u8)rest}; n.isNoted = 1;
      } else { n.a.version = versionOf(n); n.a.mark = Mark{}; n.a.missing = 0; n.a.isUpTo = 1; n.phase = 3; }
      n.left = rest;
    };
    if (!s.half) {
      { S n = s; if (B == AHEAD) note(n); else { data(n); note(n); } if (B == AHEAD && n.phase == 2) n.half = 2 + first; else if (B == AHEAD) data(n); GO(n, "part %d is copied", first); }
      if (B != AHEAD) { S n = s; data(n); n.half = 1; GO(n, "half of the piece with part %d is applied", first); }
      // Beside larger rests the note is not written with every piece: the one before it still holds.
      if (rest && s.isNoted && B != AHEAD) { S n = s; data(n); n.a.version = UNFINISHED; n.left = rest; GO(n, "part %d is copied, and not noted", first); }
    } else if (s.half == 1) {
      // The turn of the object is held: nothing was written since.
      S n = s; n.half = 0; note(n); GO(n, "the rest of the piece with part %d, and what is noted", first);
    } else { S n = s; n.a.part[s.half - 2] = contentAt(n, n.last, s.half - 2); n.half = 0; GO(n, "the data of part %d, after its mark", s.half - 2); }
  }
  if (s.phase == 3 && s.a.from != 255) { S n = s; n.a.from = 255; GO(n, "nothing is behind any more"); }
  if (s.phase == 3 && !s.a.isWhole) { S n = s; n.a.isWhole = 1; n.a.from = 255; GO(n, "the join is finished"); }
}

static const char* check(const S& s) {
  if (s.phase == 3 && !isAsTheLogSays(s, s.a)) return "a copy that counts as done is not as the log says";
  return nullptr;
}
/** Forget what can no longer matter. */
static void normalise(S& s) {
  if (s.phase != 2) s.left = s.isWholeCopy = s.isNoted = s.half = 0;
  for (int i = s.last; i < EM; i++) s.log[i] = 0;
  for (Joiner* j : {&s.a, &s.d}) for (int i = j->last; i < EM; i++) j->log[i] = 0;
}
static inline u64 mix(u64 h, u64 v) { h ^= v; h *= 0x9E3779B97F4A7C15ull; h ^= h >> 29; return h; }
static u64 hashBytes(const void* p, size_t n) {
  const u8* b = (const u8*)p; u64 h = 0;
  while (n >= 8) { u64 v; memcpy(&v, b, 8); h = mix(h, v); b += 8; n -= 8; }
  u64 v = 0; memcpy(&v, b, n); h = mix(h, v ^ (u64)n << 56); h *= 0xff51afd7ed558ccdull; h ^= h >> 32; return h;
}
struct Seen {   // 64-bit fingerprints, open addressing
  vector<u64> t; u64 n = 0, mask;
  Seen() : t(1u << 20), mask((1u << 20) - 1) {}
  bool add(u64 h) {
    if (!h) h = 1;
    if (n * 10 > t.size() * 7) { vector<u64> o; o.swap(t); t.assign(o.size() * 2, 0); mask = t.size() - 1; for (u64 x : o) if (x) { u64 i = x & mask; while (t[i]) i = (i + 1) & mask; t[i] = x; } }
    u64 i = h & mask; while (t[i]) { if (t[i] == h) return false; i = (i + 1) & mask; }
    t[i] = h; n++; return true;
  }
};

int main(int argc, char** argv) {
  for (int i = 1; i < argc; i++) {
    string a = argv[i]; auto next = [&] { if (i + 1 >= argc) { fprintf(stderr, "%s needs a value\n", a.c_str()); exit(2); } return string(argv[++i]); };
    if (a == "--writes") W = atoi(next().c_str()); else if (a == "--terms") T = atoi(next().c_str()); else if (a == "--cuts") CUTS = atoi(next().c_str());
    else if (a == "--trace") wantTrace = true; else if (a == "--max") maxStates = atoll(next().c_str());
    else if (a == "--bug") { bug = next(); auto it = bugs.find(bug); if (it == bugs.end()) { fprintf(stderr, "unknown bug\n"); return 2; } B = it->second; }
    else { printf("--writes K --terms K --cuts K (losses of power and restarts) --trace --max STATES --bug NAME\nbugs:"); for (auto& x : bugs) printf(" %s", x.first.c_str()); puts(""); return 0; }
  }
  if (W > EM) { fprintf(stderr, "bounds too large\n"); return 2; }
  auto t0 = std::chrono::steady_clock::now();
  vector<S> cur, nxt; Seen seen; u64 edges = 0;
  struct Link { unsigned parent; char a[108]; }; vector<Link> links; vector<unsigned> curId, nxtId;
  // An old state, or nothing, that the log does not reach back to; or a copy that lacks only what the log has.
  for (int reaches = 0; reaches < 2; reaches++) {
    S s; memset(&s, 0, sizeof s); s.term = 1;
    s.d.from = 255; s.d.isUpTo = reaches; s.d.version = reaches ? BASE : STALE;
    for (int p = 0; p < P; p++) s.d.part[p] = reaches ? BASE : STALE;
    s.a = s.d;
    seen.add(hashBytes(&s, sizeof s)); cur.push_back(s);
    if (wantTrace) { curId.push_back(links.size()); Link l; l.parent = ~0u; snprintf(l.a, sizeof l.a, "%s", reaches ? "a copy as of before the log" : "a copy older than the log"); links.push_back(l); }
  }
  int depth = 0; const char* hit = nullptr; unsigned hitParent = 0; string hitAct;
  while (!cur.empty() && !hit) {
    for (size_t i = 0; i < cur.size() && !hit; i++) {
      unsigned me = wantTrace ? curId[i] : 0;
      successors(cur[i], [&](const S& raw, const char* act) {
        if (hit) return;
        edges++;
        hit = check(raw); if (hit) { hitParent = me; hitAct = act; return; }
        S n = raw; normalise(n);
        if (!seen.add(hashBytes(&n, sizeof n))) return;
        nxt.push_back(n);
        if (wantTrace) { nxtId.push_back(links.size()); Link l; l.parent = me; snprintf(l.a, sizeof l.a, "%s", act); links.push_back(l); }
      });
    }
    depth++; cur.swap(nxt); nxt.clear(); curId.swap(nxtId); nxtId.clear();
    if (getenv("PROGRESS")) fprintf(stderr, "depth %d states %llu frontier %zu\n", depth, (unsigned long long)seen.n, cur.size());
    if (maxStates && seen.n > maxStates) break;
  }
  double sec = std::chrono::duration<double>(std::chrono::steady_clock::now() - t0).count();
  if (hit) {
    printf("VIOLATION (%s) after %d steps: %s\n", bug.empty() ? "no planted bug" : bug.c_str(), depth, hit);
    if (wantTrace) {
      vector<string> tr{hitAct}; for (unsigned id = hitParent; id != ~0u; id = links[id].parent) tr.push_back(links[id].a);
      std::reverse(tr.begin(), tr.end()); for (size_t i = 0; i < tr.size(); i++) printf("  %2zu. %s\n", i, tr[i].c_str());
    }
  } else printf("%s\n", cur.empty() ? "no violation: every reachable state checked" : "no violation so far: stopped at --max");
  printf("parts=%d writes=%d terms=%d cuts=%d: %llu states, %llu transitions, depth %d, %.0f s\n", P, W, T, CUTS, (unsigned long long)seen.n, (unsigned long long)edges, depth, sec);
  return hit ? 1 : 0;
}

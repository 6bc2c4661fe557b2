// Explicit-state model checker for leases of pairs of OSDs (../PG-PROTOCOL.md section 6, pitfall r; osd/pg/lease/).
//
// Breadth-first over every interleaving inside the bounds, so the first violation found is a shortest one. Leases are granted
// per pair of OSDs, terms are per PG: what must never be is that two OSDs can read a PG in different terms. Logs are not here
// (pg.cpp has them); records, Collect, the wait of step 3, Confirm, joins and restarts are, as far as leases rest upon them.
//
// Time: the grants of a pair end in the order in which they were made, at any moment, for holder and grantor at once: real
// holders stop earlier. Grants are delivered late, in any order, twice, or never, Heads to the lease too.
//
// Build: g++ -O2 -std=c++17 -DN=3 -DPG=1 lease.cpp -o lease3     Run: ./lease3 --help
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>
using std::string; using std::vector; typedef uint8_t u8; typedef uint64_t u64;

#ifndef N
#define N 3            // OSDs
#endif
#ifndef PG
#define PG 2           // PGs
#endif
#define TM 6           // terms, at most
#define GM 5           // grants of a pair that have not ended, at most
#define ALL ((1 << N) - 1)
#define BIT(i) (u8)(1u << (i))

struct Grant { u8 boot; u8 name[PG]; };   // of the grantor's run `boot`; per PG the term named, 0: none
struct S {
  u8 boot[N];
  u8 rt[PG], A[PG][TM + 1], E[PG][TM + 1], P[PG][TM + 1];   // records: newest term; acting, eligible, primary of each
  u8 term[N][PG], in[N][PG];      // entered; takes part in it (acts or joins)
  // as grantor g of holder h; grants are numbered from 1, the earliest that has not ended first
  Grant grant[N][N][GM]; u8 grants[N][N];
  u8 name[N][N][PG];              // PGs that grants are not for, with the term entered
  u8 frozen[N][N][PG];            // number of the last grant that counts for terms of the PG that were left
  // as holder h
  u8 phase[N][PG];                // 0 not primary, 1 activates, 2 serves
  u8 col[N][PG], wait[N][PG][N][N];   // who answered Collect; what g reported of holder: number of a grant
  u8 join[N][PG], prp[N][PG];     // 1 + joiner; proposed
  u8 seen[N][PG];                 // members whose pair's lease counts
  u8 got[N][N], known[N][N];      // of grantor g: best grant taken; newest run heard of
  u8 left[N][PG];                 // members that left this term: named since it was entered
  u8 note[N][N][PG];              // the highest term that g named: told to g with some ask, through changes of the term
  u8 head[2][PG][TM + 1];         // Heads (and "level" of joiners) sent by run 0 or 1 of these members in that term
  u8 heard[N][N];                 // of holder h: newest run that asked (only for the planted bug)
  u8 out[N];                      // stopped in good order: takes part in nothing before it restarts
  u8 crashes;
};

static int T = 4, CR = 1; static int A0 = ALL; static u64 maxStates = 0; static bool wantTrace = false;
enum Bug { NONE, NONAMES, EXTENDFIRST, NOTEDEARLY, BOOTS, LATEHEAD, NOWAIT, NOBOOTWAIT, UNNAMEDONLY, JOINER, RESTARTNAMES, RENEW, SEENKEPT, EARLYBYE };
static Bug B = NONE; static string bug;
static const std::map<string, Bug> bugs = {{"no-naming", NONAMES}, {"extend-before-drop", EXTENDFIRST}, {"name-dropped-too-early", NOTEDEARLY},
  {"boots-not-compared", BOOTS}, {"late-head-counts", LATEHEAD}, {"no-promise-wait", NOWAIT}, {"no-boot-wait", NOBOOTWAIT},
  {"only-unnamed-grants-freeze", UNNAMEDONLY}, {"joiner-not-required", JOINER}, {"restart-of-holder-drops-names", RESTARTNAMES},
  {"promise-forgotten-by-next-term", RENEW}, {"seen-kept", SEENKEPT}, {"goodbye-while-serving", EARLYBYE}};

static int promised(const S& s, int g, int h) {   // number of the last grant of this run of g
  int n = s.grants[g][h]; return n && s.grant[g][h][n - 1].boot == s.boot[g] ? n : 0;
}
/** h is known to have entered term t of p, or to run no more: nobody of an earlier or that term waits for it. */
static void waitsEnd(S& s, int h, int p, int t) {
  for (int q = 0; q < N; q++) if (s.term[q][p] <= t) for (int g = 0; g < N; g++) s.wait[q][p][g][h] = 0;
}
static void enter(S& s, int o, int p, int t, bool joins) {
  int old = s.term[o][p];
  if (old == t) { s.in[o][p] |= joins; return; }
  if (B == RENEW) for (int h = 0; h < N; h++) s.frozen[o][h][p] = 0;
  int h = s.P[p][old];
  if (old && s.in[o][p] && h != o) {              // as grantor: what was promised for the term left is fixed now
    int last = promised(s, o, h);
    if (B == UNNAMEDONLY) while (last && s.grant[o][h][last - 1].name[p]) last--;
    s.frozen[o][h][p] = std::max<int>(s.frozen[o][h][p], last);
    s.name[o][h][p] = t;
  }
  s.term[o][p] = t; s.in[o][p] = joins || (s.A[p][t] & BIT(o));
  s.phase[o][p] = s.col[o][p] = s.join[o][p] = s.prp[o][p] = 0; memset(s.wait[o][p], 0, N * N);
  if (B != SEENKEPT) s.seen[o][p] = 0;
  s.left[o][p] = 0;
  waitsEnd(s, o, p, t);
  if (s.in[o][p] && s.P[p][t] == o) {             // as primary: its own promises count like anybody's
    s.phase[o][p] = 1; s.col[o][p] = BIT(o);
    for (int x = 0; x < N; x++) s.wait[o][p][o][x] = s.frozen[o][x][p];
  }
}
/** The earliest grant of g to h ends. */
static void end(S& s, int g, int h) {
  auto less = [](u8& x) { if (x) x--; };
  s.grants[g][h]--;
  memmove(s.grant[g][h], s.grant[g][h] + 1, sizeof(Grant) * (GM - 1)); memset(&s.grant[g][h][GM - 1], 0, sizeof(Grant));
  less(s.got[h][g]);
  for (int p = 0; p < PG; p++) { less(s.frozen[g][h][p]); for (int q = 0; q < N; q++) less(s.wait[q][p][g][h]); }
}
static void crash(S& s, int o) {
  s.boot[o]++;
  for (int p = 0; p < PG; p++) {
    s.phase[o][p] = s.col[o][p] = s.join[o][p] = s.prp[o][p] = s.seen[o][p] = s.left[o][p] = s.in[o][p] = 0; memset(s.wait[o][p], 0, N * N);
    waitsEnd(s, o, p, TM);
  }
  for (int x = 0; x < N; x++) {
    while (s.grants[x][o]) end(s, x, o);          // to a clock that is gone; so are promises to that run
    s.got[o][x] = s.known[o][x] = 0;
    for (int p = 0; p < PG; p++) { s.note[o][x][p] = s.name[o][x][p] = s.frozen[o][x][p] = 0; }
  }
}
/** h heard from run b of g. False: an earlier one than the newest. */
static bool meet(S& s, int h, int g, int b) {
  if (B == BOOTS) return true;
  if (b > s.known[h][g]) { s.known[h][g] = b; s.got[h][g] = 0; for (int p = 0; p < PG; p++) s.seen[h][p] &= ~BIT(g); }
  return b == s.known[h][g];
}
static bool referenced(const S& s, int g, int h, int n) {
  for (int p = 0; p < PG; p++) { if (s.frozen[g][h][p] == n) return true; for (int q = 0; q < N; q++) if (s.wait[q][p][g][h] == n) return true; }
  return false;
}
static bool canRead(const S& s, int h, int p) {
  if (s.phase[h][p] != 2) return false;
  int r = s.A[p][s.term[h][p]] & ~BIT(h); if (s.prp[h][p] && B != JOINER) r |= BIT(s.join[h][p] - 1);
  for (int g = 0; g < N; g++) if ((r & BIT(g)) && !((s.seen[h][p] & BIT(g)) && s.got[h][g])) return false;
  return true;
}
static bool bootWait(const S& s, int g) {
  if (B == NOBOOTWAIT) return false;
  for (int h = 0; h < N; h++) for (int i = 0; i < s.grants[g][h]; i++) if (s.grant[g][h][i].boot < s.boot[g]) return true;
  return false;
}

template <class F> static void successors(const S& s, F emit) {
  char b[112];
#define GO(...) do { if (wantTrace) snprintf(b, sizeof b, __VA_ARGS__); else b[0] = 0; emit(n, b); } while (0)
  for (int p = 0; p < PG; p++) {
    int rt = s.rt[p], Art = s.A[p][rt], U = Art | s.E[p][rt];
    auto record = [&](S& n, int a, int e, int q) { int t = ++n.rt[p]; n.A[p][t] = a; n.E[p][t] = e; n.P[p][t] = q; };
    // ---- monitors
    if (rt < T) {
      for (int a = 1; a <= ALL; a++) if ((a & ~U) == 0) for (int q = 0; q < N; q++) if (a & BIT(q)) {
        S n = s; record(n, a, U & ~a, q); GO("monitors: record %d of pg %d acting=%x eligible=%x primary=%d", rt + 1, p, a, U & ~a, q);
      }
      for (int h = 0; h < N; h++) if (s.prp[h][p] && s.term[h][p] == rt) {   // Admit; who acts and is down becomes eligible
        int j = s.join[h][p] - 1, V = U | BIT(j);
        for (int a = 1; a <= ALL; a++) if ((a & ~V) == 0 && (a & BIT(j))) for (int q = 0; q < N; q++) if (a & BIT(q)) {
          S n = s; record(n, a, V & ~a, q); GO("monitors: admit %d; record %d of pg %d acting=%x eligible=%x primary=%d", j, rt + 1, p, a, V & ~a, q);
        }
      }
    }
    for (int o = 0; o < N; o++) {
      if (s.out[o]) continue;
      // ---- map updates, late and with gaps
      for (int t = s.term[o][p] + 1; t <= rt; t++) { S n = s; enter(n, o, p, t, false); GO("osd %d sees record %d of pg %d", o, t, p); }
      if (!s.phase[o][p]) continue;
      int t = s.term[o][p], A = s.A[p][t];
      // ---- a Head, or the message of a joiner that is level, makes the lease of the pair count
      for (int r = 0; r < 2; r++) for (int g = 0; g < N; g++) if ((s.head[r][p][t] & BIT(g)) && !(s.seen[o][p] & BIT(g))) {
        S n = s; if (!meet(n, o, g, r) || ((s.left[o][p] & BIT(g)) && B != LATEHEAD)) continue;
        n.seen[o][p] |= BIT(g); GO("osd %d has seen %d in term %d of pg %d", o, g, t, p);
      }
      if (s.phase[o][p] == 1) {
        for (int g = 0; g < N; g++) if ((A & BIT(g)) && !(s.col[o][p] & BIT(g)) && s.term[g][p] <= t && !s.out[g] && !bootWait(s, g)) {
          S n = s; enter(n, g, p, t, true); n.col[o][p] |= BIT(g); n.head[s.boot[g]][p][t] |= BIT(g);
          for (int h = 0; h < N; h++) if (h != o) n.wait[o][p][g][h] = n.frozen[g][h][p];
          GO("osd %d collects the head of %d for term %d of pg %d", o, g, t, p);
        }
        bool waits = bootWait(s, o); for (int g = 0; g < N; g++) for (int h = 0; h < N; h++) if (h != o && s.wait[o][p][g][h] && B != NOWAIT) waits = true;
        // Confirmed by the monitors in the same step: pg.cpp has it apart.
        if (s.col[o][p] == A && !waits && (rt == t || !s.E[p][t])) { S n = s; n.phase[o][p] = 2; n.E[p][t] = 0; n.col[o][p] = 0; GO("osd %d serves term %d of pg %d", o, t, p); }
        continue;
      }
      if (!s.prp[o][p]) for (int j = 0; j < N; j++) if (!(A & BIT(j)) && s.term[j][p] <= t) {
        if (!(s.head[s.boot[j]][p][t] & BIT(j)) && !s.out[j]) { S n = s; enter(n, j, p, t, true); n.head[s.boot[j]][p][t] |= BIT(j); GO("joiner %d is level in term %d of pg %d", j, t, p); }
        if (s.seen[o][p] & BIT(j)) { S n = s; n.join[o][p] = j + 1; n.prp[o][p] = 1; GO("osd %d proposes %d in term %d of pg %d", o, j, t, p); }
      }
    }
  }
  for (int g = 0; g < N; g++) {
    // Stops in good order: it gives everything up, and only then the map says that this run is no more. Nobody waits for
    // anything of it from there on. (That everybody knows at once is the earliest that may be.)
    if (s.crashes && s.boot[g] == 0) {
      S n = s;
      if (B == EARLYBYE) { for (int p = 0; p < PG; p++) waitsEnd(n, g, p, TM); }
      else { n.crashes--; crash(n, g); n.out[g] = 1; }
      GO("osd %d stops and says goodbye", g);
    }
    if ((s.crashes && s.boot[g] == 0) || s.out[g]) {   // registering raises the terms of PGs that it acts in
      bool room = true; for (int p = 0; p < PG; p++) if ((s.A[p][s.rt[p]] & BIT(g)) && s.rt[p] >= T) room = false;
      if (room) for (int first = 0; first < N; first++) {
        S n = s; if (s.out[g]) n.out[g] = 0; else { n.crashes--; crash(n, g); } bool fits = true;
        for (int p = 0; p < PG; p++) {
          int rt = s.rt[p], a = s.A[p][rt]; if (!(a & BIT(g))) continue;
          int q = (a & BIT(first)) ? first : g; if (q != first && first != g) fits = false;
          n.rt[p]++; n.A[p][rt + 1] = a; n.E[p][rt + 1] = s.E[p][rt]; n.P[p][rt + 1] = q; enter(n, g, p, rt + 1, false);
        }
        if (fits) GO("osd %d restarts; primaries become %d", g, first);
      }
    }
    for (int h = 0; h < N; h++) if (h != g) {
      int c = s.grants[g][h];
      if (c) { S n = s; end(n, g, h); GO("the earliest grant of %d to %d ends", g, h); }
      S base = s;
      if (B == RESTARTNAMES && s.heard[g][h] < s.boot[h]) { base.heard[g][h] = s.boot[h]; memset(base.name[g][h], 0, PG); }
      Grant fresh; fresh.boot = s.boot[g]; memcpy(fresh.name, base.name[g][h], PG); if (B == NONAMES) memset(fresh.name, 0, PG);
      bool same = c && !memcmp(&s.grant[g][h][c - 1], &fresh, sizeof fresh);
      // Another of the same kind only prolongs the last, unless something ends with the last.
      if (c < GM && !s.out[g] && !s.out[h] && (!same || referenced(s, g, h, c))) {
        S n = base; n.grant[g][h][n.grants[g][h]++] = fresh;
        if (B == NOTEDEARLY) memset(n.name[g][h], 0, PG);
        GO("osd %d grants to %d (grant %d)", g, h, c + 1);
      }
      if (!s.out[h]) for (int i = 0; i < c; i++) {
        const Grant& x = s.grant[g][h][i];
        for (int part = 0; part < (B == EXTENDFIRST ? 2 : 1); part++) {   // the planted bug: in two steps
          S n = s; if (!meet(n, h, g, x.boot)) continue;
          if (B != EXTENDFIRST || part == 1) for (int p = 0; p < PG; p++) {
            if (x.name[p] > n.note[h][g][p]) n.note[h][g][p] = x.name[p];
            if (x.name[p] > n.term[h][p] && n.phase[h][p]) { n.seen[h][p] &= ~BIT(g); n.left[h][p] |= BIT(g); }
          }
          if (B != EXTENDFIRST || part == 0) n.got[h][g] = std::max<int>(n.got[h][g], i + 1);
          GO("osd %d takes grant %d of %d%s", h, i + 1, g, B != EXTENDFIRST ? "" : part ? " (its names)" : " (its time)");
        }
      }
      if (!s.out[g]) for (int p = 0; p < PG; p++) if (s.name[g][h][p] && s.note[h][g][p] >= s.name[g][h][p]) { S n = s; n.name[g][h][p] = 0; GO("osd %d hears that %d took note of pg %d", g, h, p); }
    }
  }
}

static const char* check(const S& s) {
  for (int p = 0; p < PG; p++) for (int a = 0; a < N; a++) for (int b = a + 1; b < N; b++)
    if (s.term[a][p] != s.term[b][p] && canRead(s, a, p) && canRead(s, b, p)) return "two terms of a PG can be read at once";
  return nullptr;
}
/** Forget what can no longer matter. */
static void normalise(S& s) {
  for (int p = 0; p < PG; p++) {
    int lo = s.rt[p]; for (int o = 0; o < N; o++) if (s.in[o][p]) lo = std::min<int>(lo, s.term[o][p]);
    for (int t = 0; t <= s.rt[p]; t++) {
      int q = s.P[p][t]; bool led = t && s.phase[q][p] && s.term[q][p] == t;
      if (!led && s.term[q][p] >= t) s.head[0][p][t] = s.head[1][p][t] = 0;   // nobody is left to hear it
      if (t < lo) s.A[p][t] = s.E[p][t] = s.P[p][t] = 0;
    }
    for (int h = 0; h < N; h++) for (int g = 0; g < N; g++) if (!s.name[g][h][p]) s.note[h][g][p] = 0;
  }
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
    if (a == "--terms") T = atoi(next().c_str()); else if (a == "--crashes") CR = atoi(next().c_str());
    else if (a == "--acting") A0 = (1 << atoi(next().c_str())) - 1;
    else if (a == "--trace") wantTrace = true; else if (a == "--max") maxStates = atoll(next().c_str());
    else if (a == "--bug") { bug = next(); auto it = bugs.find(bug); if (it == bugs.end()) { fprintf(stderr, "unknown bug\n"); return 2; } B = it->second; }
    else { printf("--acting K --terms K --crashes K --trace --max STATES --bug NAME\nbugs:"); for (auto& x : bugs) printf(" %s", x.first.c_str()); puts(""); return 0; }
  }
  if (T > TM || A0 > ALL) { fprintf(stderr, "bounds too large\n"); return 2; }
  auto t0 = std::chrono::steady_clock::now();
  // Term 1 of each PG serves, led by another OSD each; nobody has a lease yet.
  S s; memset(&s, 0, sizeof s); s.crashes = CR;
  for (int p = 0; p < PG; p++) {
    int q = p % __builtin_popcount(A0); s.rt[p] = 1; s.A[p][1] = A0; s.P[p][1] = q;
    for (int o = 0; o < N; o++) { s.term[o][p] = (A0 & BIT(o)) ? 1 : 0; s.in[o][p] = !!(A0 & BIT(o)); }
    s.phase[q][p] = 2; s.seen[q][p] = A0 & ~BIT(q);
  }
  normalise(s);
  vector<S> cur{s}, nxt; Seen seen; seen.add(hashBytes(&s, sizeof s)); u64 edges = 0;
  struct Link { unsigned parent; char a[108]; }; vector<Link> links; vector<unsigned> curId{0}, nxtId; if (wantTrace) links.push_back({0, "start"});
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
      vector<string> tr{hitAct}; for (unsigned id = hitParent; id; id = links[id].parent) tr.push_back(links[id].a);
      std::reverse(tr.begin(), tr.end()); for (size_t i = 0; i < tr.size(); i++) printf("  %2zu. %s\n", i + 1, tr[i].c_str());
    }
  } else printf("%s\n", cur.empty() ? "no violation: every reachable state checked" : "no violation so far: stopped at --max");
  printf("N=%d PGs=%d acting=%d terms=%d crashes=%d: %llu states, %llu transitions, depth %d, %.0f s\n", N, PG, __builtin_popcount(A0), T, CR, (unsigned long long)seen.n, (unsigned long long)edges, depth, sec);
  return hit ? 1 : 0;
}

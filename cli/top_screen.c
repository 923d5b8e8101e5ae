/*
 * On a terminal: one line on top for the system, one below for the keys, and between them a table of cubicles and one of
 * edges, as much of both as there is room for. Lines are longer than a narrow terminal: arrows move along them.
 */
#include "cli.h"
#include "top.h"
#include "top_run.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_SIZE 512 /* bytes of a line: three names, and numbers */

struct screen {
    struct top *top;
    int terminal_fd;
    double delay_s;
    enum top_order order;
    bool functions, waits, ended;
    int first_line, first_column; /* what is seen of the tables begins there */
    int nlines;                   /* of both tables */
    int line;                     /* while they are drawn: the next one's number */
    int names, interfaces;        /* columns that names need */
};

static volatile sig_atomic_t stopped; /* the signal that ends it */

static void stop(int signal)
{
    stopped = signal;
}

/* 1234567 as 1.23M, in at most 6 columns. */
static const char *shorten(double number, char text[16])
{
    static const char units[] = " kMGTPE";
    unsigned unit = 0;

    while (number >= 9999.5 && unit == 0) {
        number /= 1000;
        unit++;
    }
    while (number >= 999.5 && unit > 0 && units[unit + 1] != '\0') {
        number /= 1000;
        unit++;
    }
    if (unit == 0) {
        snprintf(text, 16, "%.0f", number);
    } else {
        snprintf(text, 16, "%.*f%c",
                 number < 10    ? 2
                 : number < 100 ? 1
                                : 0,
                 number, units[unit]);
    }
    return text;
}

static const char *share(double cpu, char text[16])
{
    if (cpu < 0) {
        return "-";
    }
    snprintf(text, 16, "%.1f", cpu < 99999 ? cpu : 99999);
    return text;
}

/* Bytes, in binary units. */
static const char *memory(uint64_t bytes, char text[16])
{
    if (bytes == UINT64_MAX) {
        return "-";
    }
    if (bytes < 10240 * UINT64_C(1024)) {
        snprintf(text, 16, "%uK", (unsigned)(bytes >> 10));
    } else if (bytes < 10240 * (UINT64_C(1) << 20)) {
        snprintf(text, 16, "%uM", (unsigned)(bytes >> 20));
    } else {
        snprintf(text, 16, "%.0fG", (double)(bytes >> 30));
    }
    return text;
}

/* Draws what is seen of line @text of the tables. */
static void draw(struct screen *s, const char *text, attr_t attributes)
{
    const int y = s->line++ - s->first_line + 1;
    const int len = (int)strlen(text);

    if (y < 1 || y >= LINES - 1 || s->first_column >= len) {
        return;
    }
    attron(attributes);
    mvaddnstr(y, 0, text + s->first_column, COLS);
    attroff(attributes);
}

static void draw_cubicles(struct screen *s)
{
    const struct top *top = s->top;
    char line[LINE_MAX_SIZE], a[16], b[16], c[16], d[16], e[16], f[16];

    snprintf(line, sizeof(line), "%-*s %-8s %6s %7s %7s %7s %7s %7s %5s", s->names,
             "CUBICLE", "STATE", "CPU%", "CALLS/S", "BYTES/S", "TRAPS/S", "MEMORY",
             "QUOTA", "BEGUN");
    draw(s, line, A_BOLD);
    for (size_t i = 0; i < top->ncubicles; i++) {
        const struct top_cubicle *cubicle = &top->cubicles[top->cubicle_rows[i]];
        const struct top_rates *r = &cubicle->rates;
        snprintf(line, sizeof(line), "%-*s %-8s %6s %7s %7s %7s %7s %7s %5.0f",
                 s->names, cubicle->name, cubicle->state, share(r->cpu, a),
                 shorten(r->calls, b), shorten(r->bytes, c), shorten(r->traps, d),
                 memory(cubicle->memory, e), memory(cubicle->quota, f),
                 (double)cubicle->restarts);
        draw(s, line, strcmp(cubicle->state, "dead") == 0 ? A_REVERSE : A_NORMAL);
    }
}

static void draw_edges(struct screen *s)
{
    const struct top *top = s->top;
    char line[LINE_MAX_SIZE], a[16], b[16], c[16], d[16];

    draw(s, "", A_NORMAL);
    snprintf(line, sizeof(line), "%-*s %-*s %-*s %6s %7s %7s %7s%s", s->names, "CALLER",
             s->names, "CALLEE", s->interfaces, "INTERFACE", "CPU%", "CALLS/S",
             "BYTES/S", "TRAPS/S", s->functions ? " FUNCTION" : "");
    draw(s, line, A_BOLD);
    for (size_t i = 0; i < top->nedges; i++) {
        const struct top_edge *edge = &top->edges[top->edge_rows[i]];
        if (edge->total == 0) {
            continue;
        }
        snprintf(line, sizeof(line), "%-*s %-*s %-*s %6s %7s %7s %7s %s", s->names,
                 top->cubicles[edge->caller].name, s->names,
                 top->cubicles[edge->callee].name, s->interfaces, edge->interface,
                 share(edge->rates.cpu, a), shorten(edge->rates.calls, b),
                 shorten(edge->rates.bytes, c), shorten(edge->rates.traps, d),
                 edge->function);
        draw(s, line, edge->rates.calls > 0 ? A_NORMAL : A_DIM);
    }
}

static void draw_bar(int y, const char *text)
{
    attron(A_REVERSE);
    mvhline(y, 0, ' ', COLS);
    mvaddnstr(y, 0, text, COLS);
    attroff(A_REVERSE);
}

static void draw_system(const struct screen *s)
{
    const struct top *top = s->top;
    char line[LINE_MAX_SIZE], a[16], b[16], c[16], d[16];

    snprintf(line, sizeof(line),
             "%s%s  CPU %s%%  %s calls/s  %s B/s  %s traps/s  pid %d  %s  up %.0f s",
             s->ended   ? "ENDED "
             : s->waits ? "PAUSE "
                        : "",
             top->system, share(top->rates.cpu, a), shorten(top->rates.calls, b),
             shorten(top->rates.bytes, c), shorten(top->rates.traps, d),
             top->live.runner, top->isolation, top->time_s - top->live.start_s);
    draw_bar(0, line);
}

static void scroll_to(struct screen *s, int line, int column)
{
    const int last = s->nlines - (LINES > 2 ? LINES - 2 : 1);

    s->first_line = line > last ? last : line;
    s->first_line = s->first_line < 0 ? 0 : s->first_line;
    s->first_column = column < 0 ? 0 : column > LINE_MAX_SIZE ? LINE_MAX_SIZE : column;
}

static void draw_all(struct screen *s)
{
    scroll_to(s, s->first_line, s->first_column); /* the terminal may have grown */
    erase();
    s->line = 0;
    draw_cubicles(s);
    draw_edges(s);
    s->nlines = s->line;
    if (LINES > 1) {
        draw_bar(LINES - 1, s->ended ? "q end  arrows move  f functions  sort: c calls "
                                       "b bytes u CPU t traps m memory n name"
                                     : "q end  p pause  f functions  sort: c calls b "
                                       "bytes u CPU t traps m memory n name");
    }
    draw_system(s);
    refresh();
}

static void measure(struct screen *s)
{
    const struct top *top = s->top;

    s->names = (int)strlen("CUBICLE");
    s->interfaces = (int)strlen("INTERFACE");
    for (size_t i = 0; i < top->ncubicles; i++) {
        const int len = (int)strlen(top->cubicles[i].name);
        s->names = len > s->names ? len : s->names;
    }
    for (size_t i = 0; i < top->nedges; i++) {
        const int len = (int)strlen(top->edges[i].interface);
        s->interfaces = len > s->interfaces ? len : s->interfaces;
    }
}

static void sort_by(struct screen *s, enum top_order order)
{
    s->order = order;
    top_sort(s->top, order);
}

static void move_by_key(struct screen *s, int key)
{
    const int page = LINES > 3 ? LINES - 3 : 1;

    switch (key) {
    case KEY_UP:
        scroll_to(s, s->first_line - 1, s->first_column);
        break;
    case KEY_DOWN:
        scroll_to(s, s->first_line + 1, s->first_column);
        break;
    case KEY_PPAGE:
        scroll_to(s, s->first_line - page, s->first_column);
        break;
    case KEY_NPAGE:
        scroll_to(s, s->first_line + page, s->first_column);
        break;
    case KEY_HOME:
        scroll_to(s, 0, 0);
        break;
    case KEY_END:
        scroll_to(s, s->nlines, s->first_column);
        break;
    case KEY_LEFT:
        scroll_to(s, s->first_line, s->first_column - 8);
        break;
    case KEY_RIGHT:
        scroll_to(s, s->first_line, s->first_column + 8);
        break;
    default:
        break;
    }
}

/* False: it ends. */
static bool take_key(struct screen *s, int key)
{
    static const char orders[TOP_NORDERS + 1] = {
        [TOP_BY_CALLS] = 'c', [TOP_BY_BYTES] = 'b',  [TOP_BY_CPU] = 'u',
        [TOP_BY_TRAPS] = 't', [TOP_BY_MEMORY] = 'm', [TOP_BY_NAME] = 'n'};
    const char *order = key > 0 && key < 128 ? strchr(orders, key) : NULL;

    if (key == 'q') {
        return false;
    }
    if (order != NULL) {
        sort_by(s, (enum top_order)(order - orders));
    } else if (key == 'p') {
        s->waits = !s->waits;
    } else if (key == 'f') {
        s->functions = !s->functions;
        top_group(s->top, s->functions);
        top_look(s->top);
        sort_by(s, s->order);
    } else if (key == ('l' & 0x1f)) { /* Ctrl-L: all of it anew */
        clearok(curscr, TRUE);
    } else {
        move_by_key(s, key);
    }
    return true;
}

/* Looks when it is time, @next_s. */
static void look(struct screen *s, double *next_s)
{
    const bool ends = !s->ended && live_has_ended(&s->top->live);

    if (!ends && (s->ended || s->waits || live_now() < *next_s)) {
        return;
    }
    s->ended |= ends;
    *next_s = live_now() + s->delay_s;
    top_look(s->top);
    top_sort(s->top, s->order);
}

/* The terminal is gone: nothing would be waited for any more. */
static bool hung_up(const struct screen *s)
{
    struct pollfd poller = {.fd = s->terminal_fd, .events = POLLIN};

    if (poll(&poller, 1, 0) > 0 &&
        (poller.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) {
        stopped = SIGHUP;
        return true;
    }
    return false;
}

/* Until a key, a signal, or, where it does not @stay, the end of the system. */
static void watch(struct screen *s, bool stay)
{
    double next_s = live_now() + (s->delay_s < 0.5 ? s->delay_s : 0.5);

    measure(s);
    for (bool more = true; more && stopped == 0 && (stay || !s->ended);) {
        draw_all(s);
        top_run_trim(s->top->output);
        timeout(s->delay_s < 0.2 ? (int)(s->delay_s * 1000) : 200);
        const int key = getch();
        more = key == ERR ? !hung_up(s) : take_key(s, key);
        look(s, &next_s);
    }
}

int top_screen(struct top *top, double delay_s, enum top_order order, bool functions,
               bool stay)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction action = {.sa_handler = stop};
    struct screen s = {
        .top = top, .delay_s = delay_s, .order = order, .functions = functions};
    const char *name = getenv("TERM");

    FILE *terminal = fopen("/dev/tty", "r+e");
    SCREEN *screen = terminal != NULL ? newterm(NULL, terminal, terminal) : NULL;
    if (screen == NULL) {
        cli_error(terminal == NULL ? "there is no terminal (%s)"
                                   : "the terminal cannot be used: TERM=%s",
                  terminal == NULL ? strerror(errno)
                  : name != NULL   ? name
                                   : "");
        cli_hint("--batch prints lines");
        return CLI_EXIT_NO;
    }
    for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
        sigaction(signals[i], &action, NULL);
    }
    s.nlines = (int)(top->ncubicles + top->nedges) + 3;
    s.terminal_fd = fileno(terminal);
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    curs_set(0);
    top_look(top);
    top_sort(top, order);
    watch(&s, stay);
    endwin();
    delscreen(screen);
    fclose(terminal);
    if (s.ended) {
        cli_error("system %s has ended", top->system);
    }
    return stopped != 0 ? 128 + stopped : CLI_EXIT_OK;
}

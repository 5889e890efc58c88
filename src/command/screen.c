/* command/screen.c - a text in a terminal that is shown anew every now and then.
 *
 * Called by: ctl.c. The control sequences are those of ECMA-48 and of xterm's second screen, which
 * terminals of today have.
 */
#include "command/screen.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define ENTER      "\033[?1049h\033[?25l" /* the other screen, no cursor */
#define LEAVE      "\033[?25h\033[?1049l"
#define HOME       "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_REST "\033[J"

struct screen {
    bool has_keys;
    struct termios before;
    struct sigaction interrupt_before, terminate_before;
};

static volatile sig_atomic_t is_over; /* set by a signal: no other way leads there */

static void note_end(int number)
{
    (void)number;
    is_over = 1;
}

bool screen_is_there(void)
{
    const char *kind = getenv("TERM");

    return isatty(STDOUT_FILENO) && kind && strcmp(kind, "dumb") != 0;
}

/* Keys come one by one, and are not shown. */
static void take_keys(struct screen *s)
{
    struct termios now;

    s->has_keys = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &s->before) == 0;
    if (!s->has_keys)
        return;
    now = s->before;
    now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    now.c_cc[VMIN] = 0;
    now.c_cc[VTIME] = 0;
    s->has_keys = tcsetattr(STDIN_FILENO, TCSANOW, &now) == 0;
}

struct screen *screen_open(void)
{
    struct screen *s = calloc(1, sizeof *s);
    const struct sigaction end = { .sa_handler = note_end };

    if (!s)
        return NULL;
    is_over = 0;
    sigaction(SIGINT, &end, &s->interrupt_before);
    sigaction(SIGTERM, &end, &s->terminate_before);
    take_keys(s);
    fputs(ENTER, stdout);
    return s;
}

void screen_close(struct screen **screen)
{
    struct screen *s = *screen;

    *screen = NULL;
    fputs(LEAVE, stdout);
    fflush(stdout);
    if (s->has_keys)
        tcsetattr(STDIN_FILENO, TCSANOW, &s->before);
    sigaction(SIGINT, &s->interrupt_before, NULL);
    sigaction(SIGTERM, &s->terminate_before, NULL);
    free(s);
}

static void show_line(struct slice line, size_t columns)
{
    fwrite(line.data, 1, line.len < columns ? line.len : columns, stdout);
    fputs(CLEAR_LINE, stdout);
}

void screen_show(struct screen *s, struct slice text)
{
    struct winsize size = { .ws_row = 24, .ws_col = 80 };

    (void)s;
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    fputs(HOME, stdout);
    for (unsigned row = 0; text.len > 0 && row < size.ws_row; row++) {
        const uint8_t *end = memchr(text.data, '\n', text.len);
        struct slice line = slice_of(text.data, end ? (size_t)(end - text.data) : text.len);

        fputs(row > 0 ? "\n" : "", stdout);
        show_line(line, size.ws_col);
        text = slice_after(text, line.len + (end ? 1 : 0));
    }
    fputs(CLEAR_REST, stdout);
    fflush(stdout);
}

bool screen_wait(struct screen *s, int ms)
{
    struct pollfd keys = { .fd = s->has_keys ? STDIN_FILENO : -1, .events = POLLIN };
    char key = 0;

    if (is_over || ferror(stdout))
        return false;
    if (poll(&keys, 1, ms) > 0 && read(STDIN_FILENO, &key, 1) <= 0)
        return false;
    return !is_over && key != 'q' && key != 'Q';
}

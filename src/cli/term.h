/*
 * term.h - signals and terminal modes: who gets Ctrl-C and the keys, and that the terminal is
 * always given back as it was. Implemented by term.c, which holds the program's signal state: the
 * one place with mutable file-scope state next to readline's callbacks, since handlers get no
 * argument.
 */
#ifndef VMSTEP_CLI_TERM_H
#define VMSTEP_CLI_TERM_H

#include <signal.h>
#include <vmstep/err.h>
#include <vmstep/types.h>

struct session;

/* Handlers for SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH and the crash signals. */
int term_init(struct err *err);
/* The handlers again, behind a library that put its own. */
void term_handlers_set(void);
/* Readable after any of the signals; term_drain() empties it. */
int term_wake_fd(void);
void term_drain(void);
/* Ctrl-C since the last term_clear_interrupt(). */
bool term_interrupted(void);
void term_clear_interrupt(void);
/* SIGTERM or SIGHUP that asked vmstep to end, 0: none. */
int term_ending(void);
/* The last of SIGINT, SIGTERM and SIGHUP that came, 0: none; for `vmstep trace`. */
const volatile sig_atomic_t *term_signal(void);
bool term_take_resize(void);
bool term_take_suspend(void);
/* Stop the whole process, as Ctrl-Z does; the caller has given the terminal back. */
void term_suspend(void);

/* Read end of the pipe that carries keys to the guest; -1 when standard input is no terminal. */
int term_keys_fd(void);
/*
 * The guest runs until term_run_end(): Ctrl-C and SIGTERM interrupt it. With `keys` the terminal
 * hands out keys one by one and they go to the guest; what was typed before stays for the prompt.
 */
void term_run_begin(struct session *s, bool keys);
void term_run_end(void);
/* What takes a full-screen view off the terminal and puts it back, for handlers that stop or end the
 * process; NULL: no view. Kept by reference. */
void term_screen_texts(const char *leave, const char *enter);
/* One key from the terminal, -1 after a signal or at its end. */
int term_key(void);

#endif

/*
 * watch.c - a timer that kicks the vCPU out of KVM_RUN now and then, and interrupt().
 *
 * The signal's handler does nothing: that KVM_RUN returns EINTR is all that is wanted. A kick that
 * comes just before KVM_RUN is lost; the next one is not.
 */
#include "engine/vcpu/vcpu.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PERIOD_NS = 25 * 1000 * 1000 }; /* half of the 50 ms in which Ctrl-C must answer */

static void kick(int sig)
{
}

static int kick_signal(void)
{
	return SIGRTMIN + 3;
}

/* Set once by the first engine, harmless to leave: nobody else sends this signal. */
static int handler_set(struct err *err)
{
	struct sigaction sa = { .sa_handler = kick };

	sigemptyset(&sa.sa_mask);
	if (sigaction(kick_signal(), &sa, NULL))
		return err_set(err, errno, "sigaction failed: %s", strerror(errno));
	return 0;
}

int watch_create(struct vcpu *k, struct err *err)
{
	struct sigevent e = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = kick_signal() };
	int r = handler_set(err);

	if (r)
		return r;
	e._sigev_un._tid = syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &e, &k->watch))
		return err_set(err, errno, "timer_create failed: %s", strerror(errno));
	k->has_watch = true;
	return 0;
}

void watch_destroy(struct vcpu *k)
{
	if (k->has_watch)
		timer_delete(k->watch);
	k->has_watch = false;
}

static void set(struct vcpu *k, long ns)
{
	struct itimerspec t = { .it_interval.tv_nsec = ns, .it_value.tv_nsec = ns };

	timer_settime(k->watch, 0, &t, NULL);
	k->watch_on = ns;
}

void watch_start(struct runner *r)
{
	if (!to_vcpu(r)->watch_on)
		set(to_vcpu(r), PERIOD_NS);
}

void watch_stop(struct vcpu *k)
{
	if (k->watch_on)
		set(k, 0);
}

void interrupt_take(struct vcpu *k)
{
	/* In this order: an interrupt() in between is kept, at worst noticed at the next kick. */
	k->r.interrupted = 0;
	k->run->immediate_exit = 0;
}

void vcpu_interrupt(struct engine *e)
{
	struct vcpu *k = to_vcpu(to_runner(e));

	k->r.interrupted = 1;
	k->run->immediate_exit = 1;
}

void interrupt_stop(struct runner *r, int *ret_end)
{
	struct vcpu *k = to_vcpu(r);
	struct stop s;

	interrupt_take(k);
	stop_begin(k, &k->at, &s);
	s.causes = CAUSE_BIT(CAUSE_INTERRUPT);
	s.first = CAUSE_INTERRUPT;
	record_push(&r->rec, &s);
	*ret_end = RUN_INTERRUPTED;
}

/* kfacts.h - the groups of cases; main.c runs them in this order, each prints its own evidence. */
#ifndef RIG_KFACTS_H
#define RIG_KFACTS_H

void cases_step(void);   /* K3: which sequences keep the step, and their cost; K5, K6, K7 */
void cases_icebp(void);  /* K1, K12, K15, K18 */
void cases_events(void); /* K17 */
void cases_irq(void);    /* K9, HLT */
void cases_io(void);     /* K4 */
void cases_points(void); /* INT3 with USE_SW_BP, hardware breakpoints and watchpoints, K8 */
void cases_shadow(void); /* K2 */
/* The self-watching guest (tests/rig/bare) on plain KVM, its image on standard input. */
void cases_oracle(void);

#endif

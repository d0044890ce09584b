/* hardware32.S - see hardware.inc. */
#define BITS 32
#include "hardware.inc"

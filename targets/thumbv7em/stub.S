/* What an ARMv7-M processor runs first: it takes its stack pointer and its first instruction from the vectors
   at address 0, and Linux wants to be entered with r0 = 0, r1 = all ones, r2 = the device tree
   (Documentation/arch/arm/booting.rst). Two vectors that the processor leaves unused say where kernel and device
   tree are: `cargo rootfs` fills them in. Assembled for address 0; nothing links it,
   so its own addresses are differences. */
	.syntax unified
	.cpu cortex-m3
	.thumb
	.text
vectors:
	.word	0x1000			/* 0: the stack, of which nothing is used */
	.word	reset - vectors + 1	/* 1: reset */
	.rept	5
	.word	hang - vectors + 1	/* 2 to 6: faults */
	.endr
kernel:	.word	0			/* 7: reserved */
dtb:	.word	0			/* 8: reserved */
	.rept	7
	.word	hang - vectors + 1
	.endr
	.thumb_func
reset:	cpsid	i
	ldr	r0, =0x40004000		/* UART 0 */
	movs	r1, #16
	str	r1, [r0, #0x10]		/* its divisor: QEMU wants 16 at least */
	movs	r1, #1
	str	r1, [r0, #0x08]		/* it may transmit, else the early console waits for ever */
	movs	r0, #0
	mvns	r1, r0
	ldr	r2, dtb
	ldr	r3, kernel
	adds	r3, #1			/* Thumb */
	bx	r3
	.thumb_func
hang:	b	hang
	.ltorg

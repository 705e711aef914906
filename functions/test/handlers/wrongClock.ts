// Preloaded into a process whose clock is to be wrong, by so many minutes.
const milliseconds = Number(process.env["CLOCK_MINUTES"]) * 60_000;
const RightDate = Date;

class WrongDate extends RightDate {
  constructor(...given: [] | [number | string | Date]) {
    super(given.length === 0 ? WrongDate.now() : given[0]);
  }

  static override now(): number {
    return RightDate.now() + milliseconds;
  }
}

if (milliseconds !== 0) globalThis.Date = WrongDate as DateConstructor;

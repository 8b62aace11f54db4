import { powerCuts } from './power-cuts';

// `POWER_CUTS=20000` for a long run.
powerCuts(Number(process.env['POWER_CUTS'] ?? 400));

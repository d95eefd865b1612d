import type { Report } from '../report.ts';
export const benchKeys = async (_: unknown): Promise<Report> => ({ title: '', columns: [], rows: [], broken: [] });

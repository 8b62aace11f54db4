import { deploysUnderLoad } from './deploys-under-load';

deploysUnderLoad(3);

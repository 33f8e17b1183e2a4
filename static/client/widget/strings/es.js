/** Spanish. */

/** @import { Strings } from '../words.js' */

/** @type {Strings} */
export const strings = {
  region: 'Subir archivos',
  drop: 'Suelte aquí archivos o carpetas',
  dropFiles: 'Suelte aquí los archivos',
  dropNow: 'Suelte para subir',
  chooseFiles: 'Elegir archivos',
  chooseFolder: 'Elegir una carpeta',
  hint: 'Tantos y tan grandes como quiera. También se pueden pegar.',
  limitSize: 'Como máximo {size} cada uno',
  limitMin: 'al menos {size} cada uno',
  limitCount: { one: '{count} archivo como máximo', other: '{count} archivos como máximo' },
  limitTypes: 'Solo {types}',
  kindImages: 'imágenes',
  kindVideos: 'vídeos',
  kindAudio: 'audio',
  kindText: 'texto',
  reading: 'Leyendo la carpeta…',
  nothingFound: 'No hay archivos en lo elegido.',
  someUnreadable: {
    one: '{count} elemento no se pudo leer y se omitió: {names}',
    other: '{count} elementos no se pudieron leer y se omitieron: {names}',
  },
  offline: 'Sin red. Las subidas seguirán solas cuando vuelva.',

  tokenTitle: 'Se necesita una clave de subida',
  tokenHint: 'Se guarda solo en esta página, hasta que la cierre o la recargue.',
  tokenRefused: 'Esa clave no fue aceptada: es incorrecta o ha caducado. Pruebe con otra.',
  tokenLabel: 'Clave de subida',
  tokenUse: 'Usar la clave',

  files: 'Archivos',
  total: 'Todos los archivos',
  completeOf: '{done} de {count} listos',
  sentOf: '{sent} de {total}',
  left: 'quedan {time}',
  fewSeconds: 'quedan unos segundos',
  moreThanADay: 'queda más de un día',
  sizeUnknown: 'tamaño aún desconocido',
  failedCount: { one: '{count} detenido', other: '{count} detenidos' },
  pauseAll: 'Pausar todo',
  resumeAll: 'Reanudar todo',
  cancelAll: 'Cancelar todo',
  clearDone: 'Quitar los listos',
  showMore: { one: 'Mostrar {count} más', other: 'Mostrar {count} más' },

  waiting: 'En espera',
  preparing: 'Preparando',
  uploading: 'Subiendo',
  paused: 'En pausa',
  finishing: 'Terminando',
  completed: 'Listo',
  failed: 'Detenido',
  cancelling: 'Cancelando',
  cancelled: 'Cancelado',
  tryingAgain: 'Intentándolo de nuevo',
  pause: 'Pausar',
  resume: 'Reanudar',
  retry: 'Reintentar',
  anew: 'Descartar y enviar de nuevo',
  download: 'Descargar',
  cancel: 'Cancelar',
  clear: 'Quitar',
  actionOn: '{action} {name}',
  progressOf: 'Progreso de {name}',
  partsDone: { one: '{done} de {count} parte guardada', other: '{done} de {count} partes guardadas' },
  partsFlying: { one: '{count} en camino', other: '{count} en camino' },
  pathDirect: 'directo al almacén',
  pathRelay: 'a través del servicio, porque aquí está bloqueado el camino directo al almacén: es más lento',
  elsewhere:
    'Otra pestaña está enviando este archivo; esta la sigue y toma el relevo cuando aquella se cierre.',
  elsewhereWaiting: 'Otra pestaña lo está enviando ahora.',

  unfinished: 'Subidas sin terminar',
  stored: '{size} guardados',
  expires: 'caduca {when}',
  expiresNow: 'caduca en cualquier momento',
  goOn: 'Seguir',
  goOnHint: 'Este navegador aún conoce el archivo: basta un clic.',
  chooseAgain: 'Elegir archivo',
  chooseAgainHint: 'Elija {name} de nuevo para seguir.',
  unmatched:
    'No se puede asociar a ningún archivo. Si no sigue donde se empezó, descártela aquí y empiece de nuevo.',
  discard: 'Descartar',
  unlisted: 'No se puede mostrar la lista de subidas sin terminar. {reason}',

  keep: 'Conservar',
  cancelTitle: '¿Cancelar {name}?',
  cancelText:
    'Se borran los {size} enviados hasta ahora. Una subida en pausa puede seguir más tarde; una cancelada, no.',
  cancelDo: 'Cancelar la subida',
  cancelAllTitle: { one: '¿Cancelar {count} subida?', other: '¿Cancelar {count} subidas?' },
  discardTitle: '¿Descartar {name}?',
  discardText: 'Se borran los {size} guardados hasta ahora.',
  anewText: 'Se borran los {size} guardados hasta ahora y el archivo se envía tal como está.',

  newsAt: '{name}: {percent}',
  newsOf: '{name}: {news}',
  newsPaused: '{name}: en pausa',
  newsCompleted: '{name}: subida completa',
  newsFailed: '{name}: subida detenida. {reason}',
  newsCancelled: '{name}: subida cancelada',
  newsTotal: '{done} de {count} listos, {percent}',
  newsAll: { one: 'La subida está completa', other: 'Las {count} subidas están completas' },
  newsAdded: { one: '{count} archivo añadido', other: '{count} archivos añadidos' },

  fileUnreadable:
    'No se puede leer este archivo. Si está abierto en otro sitio, ciérrelo e inténtelo de nuevo.',
  fileChanged:
    'El archivo cambió después de empezar la subida, y las partes no encajarían. ' +
    'Cancele esta subida y añada el archivo de nuevo.',
  fileChangedBefore:
    'El archivo cambió desde que empezó la subida de «{name}» ({when}), y lo guardado no encajaría con el resto. ' +
    'Para enviar el archivo tal como está, descarte primero la subida sin terminar.',
  otherFile:
    'Este no es el archivo con el que empezó la subida: es otro, o ha cambiado desde entonces. ' +
    'Elija el archivo original, o descarte la subida y empiece de nuevo.',
  noFingerprint:
    'Esta página no se abrió con https, y el navegador no puede saber si es el mismo archivo. ' +
    'Ábrala con https para seguir con una subida sin terminar.',
  noPermission: 'El navegador no pudo leer el archivo. Permítalo, o elija el archivo de nuevo.',
  fileMissing: 'El archivo se movió o se borró. Elíjalo de nuevo donde esté ahora.',
  localFailure: 'La subida se detuvo: {detail}',
  alreadyHere: 'Este archivo ya está en la lista.',
  tooLarge: 'Este archivo supera los {limit} permitidos. Elija uno más pequeño.',
  tooSmall: 'Este archivo no llega a los {limit} pedidos. Elija otro.',
  wrongType: 'Aquí no se aceptan archivos de este tipo. Permitidos: {types}.',
  tooMany: {
    one: 'Aquí no se puede enviar más de {count} archivo. Quite antes otro.',
    other: 'Aquí no se pueden enviar más de {count} archivos. Quite antes otro.',
  },
  streamBroken:
    'Lo que se iba a enviar se cortó antes del final: la grabación o el otro programa se detuvo. Empiece de nuevo.',
  storeRefused:
    'El almacén rechaza el archivo una y otra vez. Inténtelo más tarde; si sigue así, avise a quien lleva este servicio.',
  storeUnreachable:
    'No se llega al almacén desde aquí: puede bloquearlo la red, un cortafuegos o una extensión del navegador. ' +
    'Inténtelo de nuevo o use otra red.',
  partFailed: 'El almacén sigue fallando. Lo guardado se conserva; inténtelo más tarde.',
  ended:
    'Esta subida se terminó en otro sitio: se canceló en otra ventana o lo hizo un administrador. ' +
    'Añada el archivo de nuevo para empezar otra vez.',
  unreachable: 'No se llega al servicio de subida. Revise la conexión e inténtelo de nuevo.',
  unauthenticated: 'El servicio no reconoce quién pregunta: inicie sesión de nuevo e inténtelo otra vez.',
  forbidden: 'No puede subir nada aquí. Pregunte a quien le dio esta página.',
  quotaExceeded: 'No queda sitio para este archivo. Pida más, o envíe uno más pequeño.',
  serviceBusy:
    'El servicio o su almacén no está disponible ahora. Lo guardado se conserva; inténtelo dentro de poco.',
  misconfigured: 'El almacén de este servicio está mal configurado. Avise a quien lo lleva.',
  sizeRefused:
    'Este archivo es demasiado grande para este sitio, o su tamaño debe conocerse de antemano. Elija uno más pequeño, o pregunte el tamaño permitido a quien le dio esta página.',
  typeRefused:
    'Aquí no se aceptan archivos de este tipo. Elija otro, o pregunte los tipos permitidos a quien le dio esta página.',
  nameRefused:
    'El nombre de este archivo o de su carpeta tiene caracteres no permitidos o es demasiado largo. Cámbielo y elija el archivo de nuevo.',
  noDigests:
    'La página no se abrió por https, así que el navegador no puede calcular las sumas de comprobación que pide el almacén. Ábrala por https.',
  refusedWith: 'El servicio lo rechaza: {detail}',
};
